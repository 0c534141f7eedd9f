import { hideSecrets } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'

/** A commit of a repository, as git has it. */
export interface RepositoryCommit {
  commit: string
  /** The first parent; null if the commit has none, or if it is not known. */
  parent: string | null
  author: string
  /** Null if it is not known, or if the commit is a merge. Only for sending: no page, answer or log may contain it. */
  authorMail?: string | null
  subject: string
  committedAt: Date
}

/** Stores commits. A stored commit changes only if its parent or the address of its author was not known. */
export async function storeCommits(
  { db }: Context,
  repository: string,
  commits: readonly RepositoryCommit[],
): Promise<void> {
  if (commits.length === 0) return
  await db.execute`
    INSERT INTO "Commit" ("repository", "commit", "parent", "author", "subject", "committedAt", "authorMail")
    SELECT ${hideSecrets(repository)}, given.*
      FROM unnest(${commits.map(({ commit }) => commit)}::text[], ${commits.map(({ parent }) => parent)}::text[],
                  ${commits.map(({ author }) => author)}::text[], ${commits.map(({ subject }) => subject)}::text[],
                  ${commits.map(({ committedAt }) => committedAt.toISOString())}::timestamptz[],
                  ${commits.map(({ authorMail = null }) => authorMail)}::text[]) AS given
    ON CONFLICT ("repository", "commit") DO UPDATE SET "parent" = COALESCE("Commit"."parent", EXCLUDED."parent"),
           "authorMail" = COALESCE("Commit"."authorMail", EXCLUDED."authorMail")
     WHERE "Commit"."parent" IS NULL AND EXCLUDED."parent" IS NOT NULL
        OR "Commit"."authorMail" IS NULL AND EXCLUDED."authorMail" IS NOT NULL`
}

/** Whether the farm has stored the commit and its first parent. */
export async function isKnownCommit({ db }: Context, repository: string, commit: string): Promise<boolean> {
  const found = await db.models.commit.findUnique({
    where: { repository_commit: { repository: hideSecrets(repository), commit } },
    select: { parent: true },
  })
  return found?.parent != null
}

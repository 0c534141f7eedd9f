import { hideSecrets } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import type { RepositoryCommit } from './store.ts'

export interface CommitRangeKey {
  repository: string
  /** The commit before the range. Null: the range has only the newest commits. */
  after: string | null
  /** The newest commit of the range. */
  until: string
}

export type CommitView = Pick<RepositoryCommit, 'commit' | 'author' | 'subject' | 'committedAt'>

export interface CommitRange {
  /** The commits of the range along the first parents, newest first. */
  commits: CommitView[]
  /**
   * Whether the range reaches `after`. False if `after` is not on the first-parent line of `until`, if the farm does not
   * know all commits, or if the range has more commits than the limit.
   */
  complete: boolean
}

/** A page shows at most this many commits of a range. */
const commitsMax = 200

/** The commits after one commit, up to another commit. The cost depends only on the number of commits in the range. */
export async function between(
  { db }: Context,
  { repository, after, until, limit = commitsMax }: CommitRangeKey & { limit?: number },
): Promise<CommitRange> {
  if (after === until) return { commits: [], complete: true }
  const rows = await db.query<CommitView & { parent: string | null }>`
    WITH RECURSIVE line AS (
      SELECT *, 1 AS "depth" FROM "Commit" WHERE "repository" = ${hideSecrets(repository)} AND "commit" = ${until}
      UNION ALL
      SELECT older.*, line."depth" + 1 FROM line
        JOIN "Commit" older ON older."repository" = line."repository" AND older."commit" = line."parent"
       WHERE line."depth" < ${limit} AND older."commit" IS DISTINCT FROM ${after}
    )
    SELECT "commit", "author", "subject", "committedAt", "parent" FROM line ORDER BY "depth"`
  const commits = rows.map(({ parent: _, ...commit }) => commit)
  return { commits, complete: rows.length > 0 && rows.at(-1)?.parent === after }
}

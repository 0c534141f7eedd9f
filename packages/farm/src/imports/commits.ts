import type { Context } from '../context.ts'
import type { ImportedCommits } from './history.ts'

/** Stores authors and subjects, as if the farm had read the repository. */
export async function importCommits({ db }: Context, { repository, commits }: ImportedCommits): Promise<void> {
  await db.execute`
    INSERT INTO "Commit" ("repository", "commit", "parent", "author", "subject", "committedAt")
    SELECT ${repository}, "commit", "parent", "author", "subject", "committedAt"
      FROM jsonb_to_recordset(${JSON.stringify(commits)}::jsonb)
        AS made("commit" text, "parent" text, "author" text, "subject" text, "committedAt" timestamptz)
    ON CONFLICT DO NOTHING`
}

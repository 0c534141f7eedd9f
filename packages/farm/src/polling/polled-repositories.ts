import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Tx } from '../db/transaction.ts'

/** A source with `trigger` is polled as often as its project. */
function wantedRepositories(projects: readonly ProjectConfig[]): Map<string, number | null> {
  const wanted = new Map<string, number | null>()
  for (const { repository, sources, pollSeconds } of projects) {
    if (pollSeconds === 0) continue
    const triggers = sources.filter(source => source.trigger === true)
    for (const address of [repository, ...triggers.map(source => source.repository)].filter(isGit)) {
      const other = wanted.get(address)
      const shortest = Math.min(pollSeconds ?? Number.POSITIVE_INFINITY, other ?? Number.POSITIVE_INFINITY)
      wanted.set(address, Number.isFinite(shortest) ? shortest : null)
    }
  }
  return wanted
}

/** Sources of other version control systems have no refs. */
const isGit = (repository: string): boolean => !/^(hg|cvs)\+/.test(repository)

/**
 * Makes the polled repositories match farm.yaml. The farm looks at once at a new repository. If an interval becomes
 * shorter, the next look comes earlier.
 */
export async function storePolledRepositories(tx: Tx, projects: readonly ProjectConfig[]): Promise<void> {
  const wanted = wantedRepositories(projects)
  await tx.query`SELECT FROM "PolledRepository" ORDER BY "repository" FOR UPDATE` // the order of other commands
  const rows = [...wanted].map(([repository, everySeconds]) => ({ repository, everySeconds }))
  await tx.execute`
    INSERT INTO "PolledRepository" AS known ("repository", "everySeconds", "nextAt")
    SELECT "repository", "everySeconds", ${tx.now()}::timestamptz
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS wanted("repository" text, "everySeconds" int)
    ON CONFLICT ("repository") DO UPDATE SET "everySeconds" = EXCLUDED."everySeconds",
      "nextAt" = CASE
        WHEN known."failures" > 0 OR known."startedAt" IS NOT NULL THEN known."nextAt"
        WHEN EXCLUDED."everySeconds" IS NULL THEN known."nextAt"
        ELSE LEAST(known."nextAt", EXCLUDED."nextAt" + EXCLUDED."everySeconds" * interval '1 second') END
     WHERE known."everySeconds" IS DISTINCT FROM EXCLUDED."everySeconds"`
  await tx.execute`DELETE FROM "PolledRepository" WHERE "repository" <> ALL(${[...wanted.keys()]})`
}

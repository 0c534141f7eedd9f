import type { HostFacts } from '@rumpfarm/contracts'
import { ofBranch } from '../db/fragments.ts'
import type { Tx } from '../db/transaction.ts'
import { factChanges } from './fact-changes.rule.ts'
import type { BisectionRow } from './rows.ts'

/** The changes of the host's facts since it last passed the good commit, such as `gcc 7.5 → 10.4`. */
export async function hostChangesSince(tx: Pick<Tx, 'query'>, bisection: BisectionRow): Promise<string[]> {
  const { projectName, goodCommit, hostId, arch, variant, createdAt } = bisection
  const [row] = await tx.query<{ before: HostFacts | null; now: HostFacts | null }>`
    WITH passed AS (
      SELECT max(a."finishedAt") AS "at" FROM "Build" build JOIN "Job" job ON job."buildId" = build."id"
        JOIN "FinishedAttempt" a ON a."jobId" = job."id"
       WHERE build."projectName" = ${projectName} AND build."commit" = ${goodCommit} AND ${ofBranch} AND job."hostId" = ${hostId}
         AND job."arch" = ${arch} AND job."variant" = ${variant} AND a."verdict" = 'passed' AND a."finishedAt" < ${createdAt}
    )
    SELECT (SELECT "facts" FROM "HostFacts", passed WHERE "hostId" = ${hostId} AND "since" <= passed."at"
             ORDER BY "since" DESC, "id" DESC LIMIT 1) AS "before",
           (SELECT "facts" FROM "HostFacts" WHERE "hostId" = ${hostId} ORDER BY "since" DESC, "id" DESC LIMIT 1) AS "now"`
  return row?.before && row.now ? factChanges(row.before, row.now) : []
}

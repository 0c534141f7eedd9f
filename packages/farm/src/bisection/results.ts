import { attemptName, type StepEnd, type Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import type { Tx } from '../db/transaction.ts'
import { type AttemptResult, judgeProbe } from './judge-probe.rule.ts'
import type { BisectionRow, BisectionRows } from './rows.ts'

interface EndedAttempt {
  jobId: number
  number: number
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  symbol: string | null
  steps: (StepEnd & { name: string })[]
  costMs: number
  finishedAt: Date
}

const resultOf = ({ steps, ...attempt }: EndedAttempt): AttemptResult => ({
  ...attempt,
  passedSteps: steps.filter(({ exit }) => exit === 0).map(({ name }) => name),
})

/**
 * Gives each ended probe its verdict. A failed probe waits until the farm has examined its log, because the fingerprint
 * decides.
 */
export async function judgeProbes(tx: Tx, { bisection, probes }: BisectionRows): Promise<void> {
  for (const probe of probes.filter(({ verdict }) => verdict === null)) {
    const [ended] = await tx.query<EndedAttempt>`
      SELECT a."jobId", a."number", a."verdict", a."failedStep", a."fingerprint", failure."symbol", a."steps", a."finishedAt",
             COALESCE((extract(epoch FROM a."finishedAt" - COALESCE(a."startedAt", a."leasedAt")) * 1000)::int, 0) AS "costMs"
        FROM "Attempt" a
        LEFT JOIN "Failure" failure ON failure."jobId" = a."jobId" AND failure."number" = a."number"
       WHERE a."jobId" = ${probe.jobId} AND a."number" = ${probe.attempt} AND a."state" = 'finished'
         AND NOT EXISTS (SELECT FROM "Examination" todo WHERE todo."jobId" = a."jobId" AND todo."number" = a."number")`
    if (!ended) continue
    const { verdict, reason } = judgeProbe(resultOf(ended), bisection)
    await tx.execute`
      UPDATE "Probe" SET "verdict" = ${verdict}, "reason" = ${reason}, "fingerprint" = ${ended.fingerprint},
             "costMs" = ${ended.costMs}, "endedAt" = ${ended.finishedAt}
       WHERE "bisectionId" = ${bisection.id} AND "number" = ${probe.number}`
  }
}

/**
 * Adds the results that other builds have for commits of the range, on the cell of the search and with the same recipe.
 * The ends count only if they ran after the start, because the host can have changed.
 */
export async function importResults(tx: Tx, rows: BisectionRows): Promise<void> {
  const found = await readResults(tx, rows.bisection, rows.commits.length)
  let number = rows.probes.length
  for (const { position, ...ended } of found) {
    const { verdict, reason } = judgeProbe(resultOf(ended), rows.bisection)
    await tx.execute`
      INSERT INTO "Probe" ("bisectionId", "number", "position", "cell", "hostId", "jobId", "attempt", "verdict", "fingerprint",
                           "reason", "createdAt", "endedAt")
      VALUES (${rows.bisection.id}, ${++number}, ${position}, 0, ${rows.bisection.hostId}, ${ended.jobId}, ${ended.number},
              ${verdict}, ${ended.fingerprint}, ${`result of job ${attemptName(ended)}: ${reason}`}, ${ended.finishedAt}, ${ended.finishedAt})`
  }
}

/** One commit can be built again and again, but a bisection uses only this many results of it. */
const resultsMax = 5

const readResults = (tx: Tx, { id, ...bisection }: BisectionRow, last: number) =>
  tx.query<EndedAttempt & { position: number }>`
  SELECT tested."position", ended.* FROM (
      SELECT "position", "commit" FROM "BisectionCommit" WHERE "bisectionId" = ${id} UNION ALL SELECT 0, ${bisection.goodCommit}) tested
   CROSS JOIN LATERAL (
     SELECT a."jobId", a."number", a."verdict", a."failedStep", a."fingerprint", failure."symbol", a."steps", a."finishedAt", 0 AS "costMs"
       FROM "Build" build JOIN "Job" job ON job."buildId" = build."id" JOIN "Attempt" a ON a."jobId" = job."id"
       LEFT JOIN "Failure" failure ON failure."jobId" = a."jobId" AND failure."number" = a."number"
      WHERE build."projectName" = ${bisection.projectName} AND build."commit" = tested."commit" AND ${ofBranch}
        AND job."hostId" = ${bisection.hostId} AND job."arch" = ${bisection.arch} AND job."variant" = ${bisection.variant}
        AND job."recipeHash" = (SELECT "recipeHash" FROM "Job" WHERE "id" = ${bisection.badJobId})
        AND a."state" = 'finished' AND a."verdict" IN ('passed', 'failed', 'timed-out') AND a."purpose" <> 'probe'
        AND (a."finishedAt" > ${bisection.createdAt} OR tested."position" NOT IN (0, ${last}))
        AND NOT EXISTS (SELECT FROM "Examination" todo WHERE todo."jobId" = a."jobId" AND todo."number" = a."number")
        AND NOT EXISTS (SELECT FROM "Probe" probe WHERE probe."bisectionId" = ${id} AND probe."jobId" = a."jobId" AND probe."attempt" = a."number")
      ORDER BY a."finishedAt" DESC LIMIT ${resultsMax}) ended
   ORDER BY ended."finishedAt", ended."jobId", ended."number"`

/** The positions that an ordinary job of the cell tests now or soon. */
export async function awaitedPositions(tx: Pick<Context['db'], 'query'>, { bisection }: BisectionRows) {
  const rows = await tx.query<{ position: number }>`
    SELECT tested."position" FROM "BisectionCommit" tested
     WHERE tested."bisectionId" = ${bisection.id} AND EXISTS (
       SELECT FROM "Build" build JOIN "Job" job ON job."buildId" = build."id" JOIN "OpenAttempt" a ON a."jobId" = job."id"
        WHERE build."projectName" = ${bisection.projectName} AND build."commit" = tested."commit" AND ${ofBranch} AND job."hostId" = ${bisection.hostId}
          AND job."arch" = ${bisection.arch} AND job."variant" = ${bisection.variant} AND a."purpose" <> 'probe')`
  return rows.map(({ position }) => position)
}

import type { StepEnd } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { branchOfJob } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'
import { usualSteps } from './expected-steps.rule.ts'
import { expectedMsOfJob } from './queue-query.ts'

/** How long a job usually takes. */
export interface Expectation {
  /** The median of the passed runs; null if the farm has none. */
  expectedMs: number | null
  /** The usual duration of each step in milliseconds. */
  steps: Record<string, number>
}

/** The farm uses the newest passed runs among this many built commits of the branch. */
const commitsMax = 50
const runsMax = 10
const otherBranchesMax = 2

/** The usual durations of a job and its steps, from the newest passed runs of the same branch, host, arch and variant. */
export async function expectationOf({ db }: Context, jobId: number): Promise<Expectation> {
  const [row] = await db.query<ExpectationRow>`${expectation(jobId)}`
  return { expectedMs: row?.expectedMs ?? null, steps: usualSteps(row?.runs ?? []) }
}

/** The branch of the job comes first. A new branch, or a job without a branch, uses runs of the newest branches too. */
const branches = sql`
  SELECT ${branchOfJob} AS "name", 0 AS "rank"
  UNION ALL (SELECT "name", 1 FROM "Branch" WHERE "projectName" = build."projectName" ORDER BY "pushedAt" DESC LIMIT ${otherBranchesMax})`

const passedRuns = sql`
  SELECT ended."steps"
    FROM (${branches}) branch
   CROSS JOIN LATERAL (SELECT "commit", "position" FROM "BranchCommit"
                        WHERE "projectName" = build."projectName" AND "branch" = branch."name"
                        ORDER BY "position" DESC LIMIT ${commitsMax}) held
   CROSS JOIN LATERAL (
     SELECT a."steps"
       FROM "Build" other JOIN "Job" one ON one."buildId" = other."id" JOIN "FinishedAttempt" a ON a."jobId" = one."id"
      WHERE other."projectName" = build."projectName" AND other."commit" = held."commit" AND other."kind" = 'branch' AND one."hostId" = job."hostId"
        AND one."arch" = job."arch" AND one."variant" = job."variant" AND a."verdict" = 'passed' AND a."purpose" <> 'probe'
      ORDER BY a."finishedAt" DESC LIMIT 3) ended
   ORDER BY branch."rank", held."position" DESC LIMIT ${runsMax}`

interface ExpectationRow {
  expectedMs: number | null
  runs: (StepEnd & { name: string })[][]
}

export const expectation = (jobId: number): Sql => sql`
  SELECT ${expectedMsOfJob} AS "expectedMs",
         (SELECT COALESCE(json_agg(run."steps"), '[]') FROM (${passedRuns}) run) AS "runs"
    FROM "Job" job JOIN "Build" build ON build."id" = job."buildId" WHERE job."id" = ${jobId}`

import { type AttemptState, attemptName, type Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { attemptsOf, type CellKey } from '../matrix/cell-results.ts'

/** A finished attempt of a cell. */
export interface CellRun {
  attempt: string
  jobId: number
  buildId: number
  commit: string
  /** The commit's position in the branch's history; larger is newer. */
  position: number
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  /** build, retry, lost or confirm. */
  purpose: string
  /** The first line of the compiler's version text. Null if the host did not report it. */
  compiler: string | null
  /** The time from the start to the end. Null if the attempt did not start. */
  milliseconds: number | null
  /** The attempt passed without any test, although earlier jobs of the cell had tests. */
  testsMissing: boolean
  finishedAt: Date
}

export const runsMax = 50

const asKey = ({ projectName, branch, hostId, arch, variant }: CellKey) => sql`
  (SELECT ${projectName}::text AS "projectName", ${branch}::text AS "branch", ${hostId}::int AS "hostId",
          ${arch}::text AS "arch", ${variant}::text AS "variant") AS key`

/** The newest runs of a cell in the order of the branch's commits, newest first. Probes of bisections do not count. */
export async function cellRuns({ db }: Context, key: CellKey, limit = runsMax): Promise<CellRun[]> {
  const rows = await db.query<Omit<CellRun, 'attempt'> & { number: number }>`
    SELECT run."jobId", run."number", run."buildId", run."commit", run."position", run."verdict", run."failedStep",
           run."fingerprint", run."finishedAt", run."milliseconds", a."compiler", a."purpose",
           run."verdict" = 'passed' AND COALESCE(tests."missing", false) AS "testsMissing"
      FROM ${asKey(key)} CROSS JOIN LATERAL (${attemptsOf(sql`true`, limit)}) run
      JOIN "Attempt" a ON a."jobId" = run."jobId" AND a."number" = run."number"
      LEFT JOIN "TestSummary" tests ON tests."jobId" = run."jobId" AND tests."number" = run."number"
     ORDER BY run."position" DESC, run."finishedAt" DESC, run."jobId" DESC, run."number" DESC`
  return rows.map(({ number, ...run }) => ({ attempt: attemptName({ jobId: run.jobId, number }), ...run }))
}

/** An attempt of the cell that has not finished. */
export interface OpenRun {
  attempt: string
  jobId: number
  buildId: number
  commit: string
  purpose: string
  state: Exclude<AttemptState, 'finished'>
  since: Date
}

const openMax = 20

/** The unfinished attempts of a cell's commits, in the order in which the host gets them. */
export async function openRuns({ db }: Context, key: CellKey): Promise<OpenRun[]> {
  const rows = await db.query<Omit<OpenRun, 'attempt'> & { number: number }>`
    SELECT a."jobId", a."number", job."buildId", build."commit", a."purpose", a."state",
           COALESCE(a."startedAt", a."leasedAt", a."queuedAt") AS "since"
      FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
     WHERE a."hostId" = ${key.hostId} AND a."state" <> 'finished' AND a."purpose" <> 'probe'
       AND ${ofBranch} AND job."arch" = ${key.arch} AND job."variant" = ${key.variant} AND build."projectName" = ${key.projectName}
       AND (SELECT true FROM "BranchCommit" held WHERE held."projectName" = build."projectName"
               AND held."commit" = build."commit" AND held."branch" = ${key.branch} LIMIT 1)
     ORDER BY a."state" NOT IN ('leased', 'running'), a."queuedAt", a."jobId" LIMIT ${openMax}`
  return rows.map(({ number, ...run }) => ({ attempt: attemptName({ jobId: run.jobId, number }), ...run }))
}

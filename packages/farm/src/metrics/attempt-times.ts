import type { AttemptId, StepEnd, Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { branchOfJob, joinJobAndBuild } from '../db/fragments.ts'

/** When the parts of an ended attempt began and ended. */
export interface AttemptTimes extends AttemptId {
  buildId: number
  project: string
  commit: string
  branch: string | null
  host: string
  arch: string
  variant: string
  purpose: string
  verdict: Verdict
  failedStep: string | null
  reason: string | null
  queuedAt: Date
  leasedAt: Date | null
  startedAt: Date | null
  finishedAt: Date
  steps: (StepEnd & { name: string })[]
  logBytes: number
}

/** The times of an ended attempt; undefined if the attempt is unknown or has not ended. */
export async function attemptTimes({ db }: Context, { jobId, number }: AttemptId): Promise<AttemptTimes | undefined> {
  const [row] = await db.query<AttemptTimes>`
    SELECT a."jobId", a."number", a."purpose", a."verdict", a."failedStep", a."reason", a."queuedAt", a."leasedAt",
           a."startedAt", a."finishedAt", a."steps", a."logBytes", job."buildId", job."arch", job."variant",
           build."projectName" AS "project", build."commit", ${branchOfJob} AS "branch", host."name" AS "host"
      FROM "FinishedAttempt" a ${joinJobAndBuild} JOIN "Host" host ON host."id" = a."hostId"
     WHERE a."jobId" = ${jobId} AND a."number" = ${number}`
  return row
}

/** What a build builds, and when somebody requested it. */
export interface BuildTimes {
  buildId: number
  project: string
  commit: string
  branch: string | null
  createdAt: Date
}

export async function buildTimes({ db }: Context, buildId: number): Promise<BuildTimes | undefined> {
  const build = await db.models.build.findUnique({ where: { id: buildId } })
  if (!build) return undefined
  const { projectName: project, commit, branch, createdAt } = build
  return { buildId, project, commit, branch, createdAt }
}

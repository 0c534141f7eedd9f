import {
  type AttemptPurpose,
  type AttemptState,
  attemptName,
  type BuildKind,
  type StepEnd,
  type Verdict,
} from '@rumpfarm/contracts'
import { damagedLogs } from '../attempts/pack-logs.ts'
import type { Context } from '../context.ts'
import type { Milestone } from '../matrix/matrix-cell.rule.ts'
import { withoutSecret, withoutSecrets } from '../projects/addresses.rule.ts'
import type { Expired } from '../retention/expired.rule.ts'
import { expiredOfAttempts } from '../retention/expired-files.ts'
import { type JobSummary, listJobs } from './job-pages.ts'
import type { Recipe } from './plan.rule.ts'
import type { PreparedSource } from './prepared-source.ts'

export interface AttemptView {
  attempt: string
  number: number
  /**
   * Why the farm runs the attempt. `confirm`: to confirm a failure. `retry`: a person requested it. `lost`: the attempt
   * before was lost. `probe`: a bisection.
   */
  purpose: AttemptPurpose
  state: AttemptState
  verdict: Verdict | null
  failedStep: string | null
  /** The fingerprint of the failure, as soon as the farm has examined the log. */
  fingerprint: string | null
  reason: string | null
  detail: string | null
  /** The first line of the compiler's version text. The host read it while the job ran. */
  compiler: string | null
  queuedAt: Date
  leasedAt: Date | null
  startedAt: Date | null
  finishedAt: Date | null
  cancelRequestedAt: Date | null
  /** The steps that ended, in order. The recipe lists all steps. */
  steps: (StepEnd & { name: string })[]
  /** The number of bytes of the log that the farm has stored. */
  logBytes: number
  artifacts: ArtifactView[]
  /** The files that the host did not upload, one on each line with the reason. */
  artifactNote: string | null
  /** When the farm deleted the log, or the bytes of the artifacts, because of `keep` in farm.yaml; null if it did not. */
  logExpired: Expired | null
  /** When the farm found that the stored log differs from the log of the host; null if it did not. */
  logDamagedAt: Date | null
  artifactsExpired: Expired | null
}

/** A file that an attempt uploaded. */
export interface ArtifactView {
  /** The path of the file, from the project's directory. */
  name: string
  bytes: number
  sha256: string
}

export interface JobView extends JobSummary {
  /** What its build builds. */
  kind: BuildKind
  branch: string | null
  /** The tag of a build of a tag; otherwise null. */
  tag: string | null
  /** The number at the forge of the pull request that the build builds; otherwise null. */
  pullRequest: number | null
  subject: string | null
  recipe: Recipe
  /** The sources that the job unpacks; empty until the farm has prepared them. */
  preparedSources: PreparedSource[]
  /** The newest passed job of the same variant on the same branch, host and arch. */
  lastGood: Milestone | null
  /** The newest attempt is first. */
  attempts: AttemptView[]
}

const attemptsMax = 100

/** The newest attempts of a job, open and ended. */
const attemptsOf = ({ db }: Context, jobId: number) =>
  db.query<Omit<AttemptView, 'attempt' | 'artifacts' | 'logExpired' | 'logDamagedAt' | 'artifactsExpired'>>`
    SELECT "number", "purpose", "state", "verdict", "failedStep", "fingerprint", "reason", "detail", "compiler", "queuedAt",
           "leasedAt", "startedAt", "finishedAt", "cancelRequestedAt", "steps", "logBytes", "artifactNote"
      FROM "Attempt" WHERE "jobId" = ${jobId} ORDER BY "number" DESC LIMIT ${attemptsMax}`

const sealedOnly = { where: { sealedAt: { not: null } }, orderBy: { name: 'asc' } } as const

export async function findJob(context: Context, id: number): Promise<JobView | undefined> {
  const { db, logs } = context
  // An attempt can end between these queries. In this order, a finished job has its finished attempt with its artifacts.
  const [summary] = await listJobs(context, { id, limit: 1 })
  const found = await attemptsOf(context, id)
  const row = await db.models.job.findUnique({
    where: { id },
    include: {
      recipe: true,
      build: true,
      artifacts: sealedOnly,
    },
  })
  if (!row || !summary) return undefined
  const expired = await expiredOfAttempts(context, row)
  const damaged = await damagedLogs(context, id)
  const running = found.find(({ state }) => state === 'running')
  const runningBytes = running && (await logs.size({ jobId: id, number: running.number }))
  const attempts = found.map(attempt => ({
    ...attempt,
    attempt: attemptName({ jobId: id, number: attempt.number }),
    logBytes: attempt === running && runningBytes !== undefined ? runningBytes : attempt.logBytes,
    artifacts: row.artifacts
      .filter(({ number }) => number === attempt.number)
      .map(({ name, bytes, sha256 }) => ({ name, bytes, sha256: sha256 ?? '' })),
    ...expired(attempt),
    logDamagedAt: damaged.get(attempt.number) ?? null,
  }))
  const { branch, tag, subject } = row.build
  const request = await requestOf(context, row.build.pullRequestId)
  const recipe = withoutSecrets(row.recipe.body as unknown as Recipe)
  const preparedSources =
    row.build.sources === 'ready' ? ((row.build.sourcesInfo as PreparedSource[] | null) ?? []).map(withoutSecret) : []
  return {
    ...summary,
    kind: row.build.kind as BuildKind,
    branch,
    tag,
    pullRequest: request?.number ?? null,
    subject,
    recipe,
    preparedSources,
    lastGood: await lastGoodOf(context, row, request?.baseBranch ?? null),
    attempts,
  }
}

const requestOf = async ({ db }: Context, id: number | null) =>
  id === null ? null : db.models.pullRequest.findUnique({ where: { id }, select: { number: true, baseBranch: true } })

interface CellOfJob {
  hostId: number
  arch: string
  variant: string
  branch: string | null
  build: { projectName: string; commit: string; branch: string | null }
}

const branchesMax = 20

/** The last good commit, from the cell of the branch, or of the base branch of a pull request. If the job has no branch, from the branches with its commit. */
async function lastGoodOf(
  { db }: Context,
  { hostId, arch, variant, branch, build }: CellOfJob,
  baseBranch: string | null,
): Promise<Milestone | null> {
  const { projectName, commit } = build
  const named = baseBranch ?? branch ?? build.branch
  const branches =
    named === null
      ? (await db.models.branchCommit.findMany({ where: { projectName, commit }, take: branchesMax })).map(
          held => held.branch,
        )
      : [named]
  const cell = await db.models.cell.findFirst({
    where: { projectName, branch: { in: branches }, hostId, arch, variant, lastGoodAt: { not: null } },
    select: { lastGoodBuildId: true, lastGoodJobId: true, lastGoodCommit: true, lastGoodAt: true },
    orderBy: { lastGoodAt: 'desc' },
  })
  if (!cell?.lastGoodAt || cell.lastGoodBuildId === null || cell.lastGoodCommit === null) return null
  const jobId = cell.lastGoodJobId === null ? null : Number(cell.lastGoodJobId)
  return { buildId: cell.lastGoodBuildId, jobId, commit: cell.lastGoodCommit, at: cell.lastGoodAt }
}

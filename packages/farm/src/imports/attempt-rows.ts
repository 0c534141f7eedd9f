import { cksum, type StepEnd, type Verdict } from '@rumpfarm/contracts'
import { farmEnds } from '../attempts/ends.rule.ts'
import { judge } from '../attempts/judge.rule.ts'
import type { Recipe } from '../builds/plan.rule.ts'
import type { ImportedAttempt, ImportedBuild, ImportedJob } from './history.ts'

/** The columns of an imported attempt. */
export interface AttemptRow {
  jobId: number
  number: number
  purpose: ImportedAttempt['purpose']
  hostId: number
  state: 'queued' | 'running' | 'finished'
  queuedAt: Date
  slot: number | null
  claim: number | null
  lease: string | null
  leaseUntil: Date | null
  leasedAt: Date | null
  finishedAt: Date | null
  /** JSON. */
  steps: string
  verdict: Verdict | null
  failedStep: string | null
  reason: string | null
  detail: string | null
  logBytes: number
  logSum: string | null
  compiler: string | null
  log: Buffer | null
  /** Whether the recipe says where test results are. */
  hasResults: boolean
}

type RecipeOfJob = (project: string, variant: string) => { recipe: Recipe }

/** The rows of all attempts. The rule of the agent's finish message gives the verdict of each ended attempt. */
export const attemptRows = (builds: readonly ImportedBuild[], recipeOf: RecipeOfJob): AttemptRow[] =>
  builds.flatMap(build =>
    build.jobs.flatMap(job => {
      const { recipe } = recipeOf(build.project, job.variant)
      return job.attempts.map((attempt, index) => rowOf(job, index + 1, attempt, recipe))
    }),
  )

function rowOf(job: ImportedJob, number: number, attempt: ImportedAttempt, recipe: Recipe): AttemptRow {
  const names = recipe.steps.map(({ name }) => name)
  const { claimed, end, queuedAt } = attempt
  const steps = claimed?.steps ?? []
  const judged = end && (end.reason === 'lease-expired' ? farmEnds.leaseExpired : judge(end.reason, names, steps))
  const log = claimed?.log ?? null
  return {
    jobId: job.id,
    number,
    purpose: attempt.purpose,
    hostId: job.hostId,
    state: end ? 'finished' : claimed ? 'running' : 'queued',
    queuedAt,
    slot: claimed?.slot ?? null,
    claim: claimed ? job.id : null,
    lease: claimed ? `imported-${job.id}.${number}` : null,
    leaseUntil: claimed && !end ? claimed.at : null,
    leasedAt: claimed?.at ?? null,
    finishedAt: end?.at ?? null,
    steps: namedSteps(steps, names),
    verdict: judged?.verdict ?? null,
    failedStep: judged?.failedStep ?? null,
    reason: end?.reason ?? null,
    detail: judged?.detail ?? null,
    logBytes: log?.length ?? 0,
    logSum: end && log ? `crc:${cksum(log)}` : null,
    compiler: claimed?.compiler ?? null,
    log,
    hasResults: (recipe.results ?? []).length > 0,
  }
}

const namedSteps = (steps: readonly StepEnd[], names: readonly string[]): string =>
  JSON.stringify(steps.map((step, index) => ({ name: names[index], ...step })))

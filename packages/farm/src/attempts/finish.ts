import { attemptName, type FinishReason, type StepEnd, type Verdict } from '@rumpfarm/contracts'
import { type SumKind, sumsOf } from '@rumpfarm/storage'
import type { Recipe } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import { Prisma } from '../db/client.ts'
import { checkArtifacts, type KeptArtifact, type ToldArtifact } from './artifacts.ts'
import { finishRows } from './finish-rows.ts'
import { judge } from './judge.rule.ts'
import { type Holder, namedSteps } from './progress.ts'

export interface Finish extends Holder {
  reason: FinishReason
  steps: StepEnd[]
  logBytes: number
  /** Of the whole log, or `none`. */
  sum: string
  detail?: string | undefined
  /** The files that were sent, and in words, which were not. */
  artifacts?: ToldArtifact[]
  artifactsLeft?: string[]
  /** Its compiler's first version line, as the host found it while the job ran. */
  compiler?: string | undefined
}

export type FinishOutcome =
  | { kind: 'finished'; verdict: Verdict }
  /** The farm does not hold the whole log: send from `size`, then finish again. */
  | { kind: 'log-incomplete'; size: number }
  /** The same of a file that the job left. */
  | { kind: 'artifact-incomplete'; name: string; size: number }
  | { kind: 'wrong-steps' }
  | { kind: 'unknown' }
  | { kind: 'lease-lost' }

/** Ends an attempt, once its whole log is here. Only the lease's holder may; the same finish again gets the same answer. */
export async function finish(context: Context, message: Finish): Promise<FinishOutcome> {
  const known = context.running.held(message, { ...message, at: context.now() })
  const outcome = known && (await finishHeld(context, message, known.stepNames))
  if (outcome && outcome !== 'other-log' && outcome !== 'ended-meanwhile') return outcome
  context.running.forget(attemptName(message))
  return finishByRow(context, message)
}

/** What the row says counts: when nothing is remembered of the attempt, and before anything is thrown away. */
async function finishByRow(context: Context, message: Finish): Promise<FinishOutcome> {
  const held = await heldRow(context, message)
  if (!held) return { kind: 'unknown' }
  if (held.lease !== message.lease) return { kind: 'lease-lost' }
  if (held.verdict) return finishedBefore(held, message)
  const outcome = await finishHeld(context, message, held.names)
  if (outcome === 'ended-meanwhile') return finishByRow(context, message)
  if (outcome !== 'other-log') return outcome
  context.logs.open(message).truncate(0)
  return { kind: 'log-incomplete', size: 0 }
}

type HeldOutcome = FinishOutcome | 'other-log' | 'ended-meanwhile'

/** Ends the attempt if the farm holds exactly the host's log. */
async function finishHeld(context: Context, message: Finish, names: string[]): Promise<HeldOutcome> {
  if (message.steps.length > names.length) return { kind: 'wrong-steps' }
  const size = context.logs.size(message)
  if (size < message.logBytes) return { kind: 'log-incomplete', size }
  if (size > message.logBytes || !(await logMatches(context.logs, message))) return 'other-log'
  const artifacts = await checkArtifacts(context, message, message.artifacts ?? [])
  return 'kind' in artifacts ? artifacts : end(context, message, names, artifacts)
}

interface HeldRow {
  lease: string | null
  verdict: Verdict | null
  reason: string | null
  names: string[]
}

async function heldRow({ db }: Context, { jobId, number, hostId }: Finish): Promise<HeldRow | undefined> {
  const rows = await db.$queryRaw<(Omit<HeldRow, 'names'> & { steps: Recipe['steps'] })[]>`
    SELECT a."lease", a."verdict", a."reason", recipe."body" -> 'steps' AS "steps"
      FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"
     WHERE a."jobId" = ${jobId} AND a."number" = ${number} AND a."hostId" = ${hostId}`
  const [row] = rows
  return row && { ...row, names: row.steps.map(step => step.name) }
}

/** The host's own finish, sent twice, is answered as the first time; one that the farm ended without it is over. */
const finishedBefore = (held: HeldRow, message: Finish): FinishOutcome =>
  held.verdict && held.reason === message.reason ? { kind: 'finished', verdict: held.verdict } : { kind: 'lease-lost' }

async function logMatches(logs: Context['logs'], message: Finish): Promise<boolean> {
  const [kind, value] = message.sum.split(':', 2)
  if (kind === 'none' || message.logBytes === 0) return true
  const known = kind === 'crc' ? logs.open(message).sum : undefined
  // If it is another one, the file decides: another server may have written it since.
  if (known?.bytes === message.logBytes && String(known.digest()) === value) return true
  const sums = await sumsOf(logs.read(message, 0, message.logBytes), [kind as SumKind])
  return sums[kind as SumKind] === value
}

async function end(
  context: Context,
  message: Finish,
  names: string[],
  artifacts: KeptArtifact[],
): Promise<HeldOutcome> {
  const { jobId, number, lease } = message
  const judgement = judge(message.reason, names, message.steps)
  await context.logs.open(message).seal()
  const where = Prisma.sql`"jobId" = ${jobId} AND "number" = ${number} AND "lease" = ${lease}`
  const ending = {
    verdict: judgement.verdict,
    failedStep: judgement.failedStep,
    reason: message.reason,
    detail: message.detail ?? judgement.detail,
    steps: namedSteps(names, message.steps),
    logBytes: message.logBytes,
    logSum: message.sum,
    artifacts,
    artifactNote: message.artifactsLeft?.join('\n') || null,
    compiler: message.compiler ?? null,
  }
  const announceAll = await context.db.$transaction(tx => finishRows(context, tx, { kind: 'one', where }, ending))
  const rows = announceAll()
  context.running.forget(attemptName(message))
  return rows.length > 0 ? { kind: 'finished', verdict: judgement.verdict } : 'ended-meanwhile'
}

import {
  attemptName,
  type Checksum,
  type FinishReason,
  type StepEnd,
  type Verdict,
  writeChecksum,
} from '@rumpfarm/contracts'
import { checksumsOf } from '@rumpfarm/storage'
import type { Recipe } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import { joinRecipe } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { inTransaction } from '../db/transaction.ts'
import { checkArtifacts, type ReportedArtifact } from './artifacts.ts'
import { endAttempts, type StoredArtifact } from './end-attempts.ts'
import type { Holder } from './held-lease.ts'
import { judge } from './judge.rule.ts'
import { isPackable, noteLogToPack } from './pack-logs.ts'
import { withNames } from './progress.ts'
import { factsOf, type RecipeFacts } from './running.ts'

export interface Finish extends Holder {
  reason: FinishReason
  steps: StepEnd[]
  logBytes: number
  /** The checksum of the whole log; null if the host has no tool for checksums. */
  checksum: Checksum | null
  detail?: string | undefined
  /** The files that the host sent, and one line for each file that it did not send. */
  artifacts?: ReportedArtifact[]
  artifactsLeft?: string[]
  /** The first line of the compiler's version text. The host read it while the job ran. */
  compiler?: string | undefined
}

export type FinishOutcome =
  | { kind: 'finished'; verdict: Verdict }
  /** The farm does not have the whole log. The host must send the log from `size` on, and repeat its finish message. */
  | { kind: 'log-incomplete'; size: number }
  /** The farm does not have the whole file. The host must send it from `size` on, and repeat its finish message. */
  | { kind: 'artifact-incomplete'; name: string; size: number }
  | { kind: 'wrong-steps' }
  | { kind: 'unknown' }
  | { kind: 'lease-lost' }

/** Ends an attempt if its whole log is stored and the host holds the lease. A repeated message gets the same answer. */
export async function finish(context: Context, message: Finish): Promise<FinishOutcome> {
  const cached = context.running.held(message, { ...message, at: context.now() })
  const outcome = cached && (await finishHeld(context, message, cached))
  if (outcome && outcome !== 'other-log' && outcome !== 'ended-meanwhile') return outcome
  context.running.invalidate(attemptName(message))
  return finishByRow(context, message)
}

/**
 * Checks the lease in the database, and then finishes the attempt. This check is necessary if the attempt is not
 * cached, and before the farm drops bytes of a log.
 */
async function finishByRow(context: Context, message: Finish): Promise<FinishOutcome> {
  const held = await readHeld(context, message)
  if (!held) return { kind: 'unknown' }
  if (held.lease !== message.lease) return { kind: 'lease-lost' }
  if (held.verdict) return repeatedFinish(held, message)
  const outcome = await finishHeld(context, message, factsOf(held.recipe))
  if (outcome === 'ended-meanwhile') return finishByRow(context, message)
  if (outcome !== 'other-log') return outcome
  await context.logs.open(message).clear()
  return { kind: 'log-incomplete', size: 0 }
}

type HeldOutcome = FinishOutcome | 'other-log' | 'ended-meanwhile'

/** Ends the attempt if the farm has stored exactly the host's log. */
async function finishHeld(context: Context, message: Finish, recipe: RecipeFacts): Promise<HeldOutcome> {
  if (message.steps.length > recipe.stepNames.length) return { kind: 'wrong-steps' }
  const size = await context.logs.size(message)
  if (size < message.logBytes) return { kind: 'log-incomplete', size }
  if (size > message.logBytes || !(await logMatches(context.logs, message))) return 'other-log'
  const artifacts = await checkArtifacts(context, message, message.artifacts ?? [])
  return 'kind' in artifacts ? artifacts : end(context, message, recipe, artifacts)
}

interface HeldRow {
  lease: string | null
  verdict: Verdict | null
  reason: string | null
  recipe: Recipe
}

async function readHeld({ db }: Context, { jobId, number, hostId }: Finish) {
  const [row] = await db.query<HeldRow>`
    SELECT a."lease", a."verdict", a."reason", recipe."body" AS "recipe"
      FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" ${joinRecipe}
     WHERE a."jobId" = ${jobId} AND a."number" = ${number} AND a."hostId" = ${hostId}`
  return row
}

/**
 * A host that repeats its finish message gets the same answer. If the farm itself ended the attempt, the host gets
 * `lease-lost`.
 */
const repeatedFinish = (held: HeldRow, message: Finish): FinishOutcome =>
  held.verdict && held.reason === message.reason ? { kind: 'finished', verdict: held.verdict } : { kind: 'lease-lost' }

async function logMatches(logs: Context['logs'], message: Finish): Promise<boolean> {
  const { checksum, logBytes } = message
  if (checksum === null || logBytes === 0) return true
  const known = checksum.kind === 'crc' ? logs.open(message).crc : undefined
  // If the known CRC differs, read the file, because another server may have written to the file in the meantime.
  if (known?.bytes === logBytes && String(known.digest()) === checksum.value) return true
  const sums = await checksumsOf(logs.read(message, 0, logBytes), [checksum.kind])
  return sums[checksum.kind] === checksum.value
}

async function end(
  context: Context,
  message: Finish,
  { stepNames, artifactBytesMax, hasTestResults }: RecipeFacts,
  artifacts: StoredArtifact[],
): Promise<HeldOutcome> {
  const { jobId, number, lease, reason } = message
  const { verdict, failedStep, detail } = judge(reason, stepNames, message.steps)
  await context.logs.open(message).seal()
  const where = sql`"jobId" = ${jobId} AND "number" = ${number} AND "lease" = ${lease}`
  const report = {
    steps: withNames(message.steps, stepNames),
    logBytes: message.logBytes,
    logSum: writeChecksum(message.checksum),
    artifacts,
    artifactNote: message.artifactsLeft?.join('\n') || null,
    compiler: message.compiler ?? null,
    has: { artifacts: artifactBytesMax > 0, testResults: hasTestResults },
  }
  const how = { verdict, failedStep, reason, detail: message.detail ?? detail }
  const log = { bytes: message.logBytes, checksum: message.checksum }
  const ended = await inTransaction(context, async tx => {
    const rows = await endAttempts(context, tx, { kind: 'one', where }, how, report)
    if (rows.length > 0 && isPackable(log)) {
      await noteLogToPack(tx, message)
      tx.afterCommit(() => context.packLog({ jobId, number }, log))
    }
    return rows
  })
  context.running.invalidate(attemptName(message))
  return ended.length > 0 ? { kind: 'finished', verdict } : 'ended-meanwhile'
}

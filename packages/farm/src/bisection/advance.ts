import { cancelJob } from '../builds/cancel.ts'
import type { Context } from '../context.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { hostChangesSince } from './host-changes.ts'
import { nextStep, type Outcome, type Step } from './next-probe.rule.ts'
import { type ProbeStep, startProbe } from './probe-job.ts'
import { awaitedPositions, importResults, judgeProbes } from './results.ts'
import { type BisectionRows, readRows, stateOf } from './rows.ts'
import type { BisectionState, Stop } from './state.rule.ts'
import { describeOutcome } from './words.rule.ts'

export type Advanced = 'waiting' | 'probing' | 'finished' | 'not-running'

/**
 * Takes the new results into account, and takes the next step: a probe or the outcome. Any server may call this at any
 * time: the bisection's row is locked, and the step depends only on the rows.
 */
export async function advanceBisection(context: Context, id: number): Promise<Advanced> {
  const { advanced, stopped } = await inTransaction(context, tx => advance(context, tx, id)).catch(error => {
    if (!isUniqueViolation(error)) throw error
    return { advanced: 'waiting' as const, stopped: [] } // another bisection has just started a probe on the host
  })
  for (const jobId of stopped) await cancelJob(context, jobId)
  return advanced
}

interface Result {
  advanced: Advanced
  /** The jobs of the probes that the outcome made useless. */
  stopped: number[]
}

async function advance(context: Context, tx: Tx, id: number): Promise<Result> {
  const locked = await tx.query`SELECT FROM "Bisection" WHERE "id" = ${id} AND "state" = 'running' FOR UPDATE`
  if (locked.length === 0) return { advanced: 'not-running', stopped: [] }
  const before = await readRows(tx, id)
  if (!before) return { advanced: 'not-running', stopped: [] }
  await judgeProbes(tx, before)
  await importResults(tx, before)
  const rows = (await readRows(tx, id)) as BisectionRows
  const state = stateOf(rows, await awaitedPositions(tx, rows), await stopOf(tx, rows))
  return take(context, tx, rows, state, nextStep(state))
}

async function take(context: Context, tx: Tx, rows: BisectionRows, state: BisectionState, step: Step): Promise<Result> {
  switch (step.kind) {
    case 'wait':
      return { advanced: 'waiting', stopped: [] }
    case 'probe':
      return probe(context, tx, rows, state, step)
    case 'finished':
      return finish(context, tx, rows, state, step.outcome)
  }
}

async function probe(context: Context, tx: Tx, rows: BisectionRows, state: BisectionState, step: ProbeStep) {
  const { notBefore } = step
  if (notBefore && notBefore > context.now()) {
    await tx.execute`UPDATE "Bisection" SET "nextAt" = ${notBefore} WHERE "id" = ${rows.bisection.id}`
    return { advanced: 'waiting' as const, stopped: [] }
  }
  const started = await startProbe(context, tx, rows, step)
  if (started === 'busy') return { advanced: 'waiting' as const, stopped: [] }
  if (started === 'host-gone') {
    const outcome: Outcome = { kind: 'host-gone', low: 0, high: rows.commits.length, position: null }
    return finish(context, tx, rows, state, outcome)
  }
  await tx.execute`UPDATE "Bisection" SET "nextAt" = NULL WHERE "id" = ${rows.bisection.id}`
  tx.emit({ kind: 'bisection', bisectionId: rows.bisection.id, next: 'nothing' })
  return { advanced: 'probing' as const, stopped: [] }
}

async function finish(
  { now }: Context,
  tx: Tx,
  { bisection }: BisectionRows,
  state: BisectionState,
  outcome: Outcome,
): Promise<Result> {
  const hostChanges = outcome.kind === 'host-changed' ? await hostChangesSince(tx, bisection) : []
  const words = describeOutcome(outcome, state, { good: bisection.goodCommit, hostChanges })
  await tx.execute`
    UPDATE "Bisection" SET "state" = 'finished', "outcome" = ${outcome.kind}, "words" = ${words}, "low" = ${outcome.low},
           "high" = ${outcome.high}, "finishedAt" = ${now()}, "nextAt" = NULL
     WHERE "id" = ${bisection.id}`
  const open = await tx.query<{ jobId: number }>`
    UPDATE "Probe" SET "verdict" = 'none', "reason" = 'the bisection ended', "endedAt" = ${now()}
     WHERE "bisectionId" = ${bisection.id} AND "verdict" IS NULL RETURNING "jobId"`
  tx.emit({ kind: 'bisection', bisectionId: bisection.id, next: 'nothing' })
  return { advanced: 'finished', stopped: open.map(({ jobId }) => jobId) }
}

/**
 * Why the bisection is not useful any more: somebody cancelled it, the cell passes again, or a force push. The position
 * of a new commit counts only after the farm has read the history: a late push of an old commit does not fix the cell.
 */
async function stopOf(tx: Tx, { bisection }: BisectionRows): Promise<Stop | null> {
  if (bisection.cancelRequestedAt) return 'cancelled'
  const { projectName, branch, hostId, arch, variant, badCommit } = bisection
  const [row] = await tx.query<{ inBranch: boolean; fixed: boolean | null }>`
    SELECT bad."position" IS NOT NULL AS "inBranch", cell."verdict" = 'passed' AND tested."settled" AND tested."position" > bad."position" AS "fixed"
      FROM (SELECT ${projectName} AS "projectName", ${branch} AS "branch", ${badCommit} AS "commit") key
      LEFT JOIN "BranchCommit" bad ON bad."projectName" = key."projectName" AND bad."branch" = key."branch" AND bad."commit" = key."commit"
      LEFT JOIN "Cell" cell ON cell."projectName" = key."projectName" AND cell."branch" = key."branch" AND cell."hostId" = ${hostId}
            AND cell."arch" = ${arch} AND cell."variant" = ${variant}
      LEFT JOIN "BranchCommit" tested ON tested."projectName" = key."projectName" AND tested."branch" = key."branch"
            AND tested."commit" = cell."commit"`
  if (row && !row.inBranch) return 'rewritten'
  return row?.fixed ? 'fixed' : null
}

import { cancelJob } from '../builds/cancel.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { announceBisected } from '../notifications/bisections.ts'
import { equalHosts } from './equal-hosts.ts'
import { hostChangesSince } from './host-changes.ts'
import { nextStep, type Outcome, type Step, uselessRuns } from './next-probe.rule.ts'
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
  const equal = await equalHosts(tx, rows.bisection)
  const idleHosts = equal.filter(({ idle }) => idle).map(host => host.id)
  const surroundings = { awaited: await awaitedPositions(tx, rows), idleHosts, stop: await stopOf(tx, rows) }
  const useless = await endUseless(context, tx, rows, stateOf(rows, surroundings))
  const current = useless.length > 0 ? ((await readRows(tx, id)) as BisectionRows) : rows
  const state = stateOf(current, surroundings)
  const { advanced, stopped } = await take(context, tx, current, state, nextStep(state), equal.length > 0)
  return { advanced, stopped: [...useless, ...stopped] }
}

/** Ends the probes of commits that another host's result has excluded. Returns their jobs. */
async function endUseless({ now }: Context, tx: Tx, { bisection, probes }: BisectionRows, state: BisectionState) {
  const positions = uselessRuns(state).map(({ position }) => position)
  const jobs = probes.filter(({ verdict, position }) => verdict === null && positions.includes(position))
  if (jobs.length > 0)
    await tx.execute`
      UPDATE "Probe" SET "verdict" = 'none', "reason" = 'another result made it useless', "endedAt" = ${now()}
       WHERE "bisectionId" = ${bisection.id} AND "number" = ANY(${jobs.map(({ number }) => number)})`
  return jobs.map(({ jobId }) => jobId)
}

async function take(
  context: Context,
  tx: Tx,
  rows: BisectionRows,
  state: BisectionState,
  step: Step,
  hasEqualHosts: boolean,
): Promise<Result> {
  switch (step.kind) {
    case 'wait':
      return { advanced: 'waiting', stopped: [] }
    case 'probe':
      return step.notBefore && step.notBefore > context.now()
        ? pause(context, tx, rows, step.notBefore, hasEqualHosts)
        : probe(context, tx, rows, state, step)
    case 'finished':
      return finish(context, tx, rows, state, step.outcome)
  }
}

const askIdleHostsSeconds = 60

/** Waits for the pause; an equal host that becomes idle meanwhile ends it. */
async function pause({ now }: Context, tx: Tx, { bisection }: BisectionRows, until: Date, hasEqualHosts: boolean) {
  const soon = later(now(), askIdleHostsSeconds)
  const nextAt = hasEqualHosts && soon < until ? soon : until
  await tx.execute`UPDATE "Bisection" SET "nextAt" = ${nextAt} WHERE "id" = ${bisection.id}`
  return { advanced: 'waiting' as const, stopped: [] }
}

async function probe(context: Context, tx: Tx, rows: BisectionRows, state: BisectionState, step: ProbeStep) {
  const started = await startProbe(context, tx, rows, step)
  if (started === 'busy') return { advanced: 'waiting' as const, stopped: [] }
  if (started === 'host-gone') {
    const outcome: Outcome = { kind: 'host-gone', low: 0, high: rows.commits.length, position: null }
    return finish(context, tx, rows, state, outcome)
  }
  for (const [index, { position, hostId }] of step.also.entries())
    await startProbe(context, tx, rows, { ...step, position, hostId }, index + 1)
  await tx.execute`UPDATE "Bisection" SET "nextAt" = NULL WHERE "id" = ${rows.bisection.id}`
  // While the answer is confirmed, the farm reads its changed lines.
  const next = step.purpose === 'confirm' ? 'prepare' : 'nothing'
  tx.emit({ kind: 'bisection', bisectionId: rows.bisection.id, next })
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
  await announceBisected(tx, bisection, outcome.kind)
  tx.emit({ kind: 'bisection', bisectionId: bisection.id, next: 'nothing' })
  return { advanced: 'finished', stopped: open.map(({ jobId }) => jobId) }
}

/**
 * Why the bisection is not useful any more: somebody cancelled it, the cell passes again, or a force push. The position
 * of a new commit counts only after the farm has read the history: a late push of an old commit does not fix the cell.
 */
async function stopOf(tx: Tx, { bisection }: BisectionRows): Promise<Stop | null> {
  if (bisection.cancelRequestedAt) return 'cancelled'
  const { projectName, branch, hostId, arch, variant } = bisection
  const badCommit = (await badCommitOf(tx, bisection)) ?? bisection.badCommit
  const [row] = await tx.query<{ inBranch: boolean; fixed: boolean | null }>`
    SELECT bad."position" IS NOT NULL AS "inBranch", cell."verdict" = 'passed' AND tested."settled" AND tested."position" > bad."position" AS "fixed"
      FROM (SELECT ${projectName} AS "projectName", ${branch} AS "branch", ${badCommit} AS "commit") key
      LEFT JOIN "BranchCommit" bad ON bad."projectName" = key."projectName" AND bad."branch" = key."branch" AND bad."commit" = key."commit"
      LEFT JOIN "Cell" cell ON cell."projectName" = key."projectName" AND cell."branch" = key."branch" AND cell."hostId" = ${hostId}
            AND cell."arch" = ${arch} AND cell."variant" = ${variant}
      LEFT JOIN "BranchCommit" tested ON tested."projectName" = key."projectName" AND tested."branch" = key."branch"
            AND tested."commit" = cell."commit"`
  if (row && !row.inBranch) return 'rewritten'
  // A flaky cell passes sometimes, so a pass does not say that it is fixed.
  return row?.fixed && bisection.failureRate === null ? 'fixed' : null
}

/**
 * The bad commit that was built on the branch. A search inside a merge takes it from the bisection that named the merge,
 * because the farm may have built the merge only for a probe.
 */
async function badCommitOf(tx: Tx, { mergeOf }: { mergeOf: number | null }): Promise<string | undefined> {
  if (mergeOf === null) return undefined
  const [outer] = await tx.query<{ badCommit: string; mergeOf: number | null }>`
    SELECT "badCommit", "mergeOf" FROM "Bisection" WHERE "id" = ${mergeOf}`
  return outer ? ((await badCommitOf(tx, outer)) ?? outer.badCommit) : undefined
}

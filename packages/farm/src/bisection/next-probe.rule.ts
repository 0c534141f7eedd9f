import { type Bounds, pickPositions } from './pick.rule.ts'
import { chanceOf, isTooNoisy, measuredNoise, type Policy, policyOf } from './policy.rule.ts'
import {
  type BisectionState,
  clearRuns,
  failuresNeeded,
  type PositionVerdict,
  type ProbePurpose,
  passesNeeded,
  type Run,
  type Stop,
  verdictOf,
  verdictsOf,
} from './state.rule.ts'

export type Step =
  | { kind: 'wait' }
  | {
      kind: 'probe'
      position: number
      cell: number
      purpose: ProbePurpose
      /** The earliest time of the probe; null for now. */
      notBefore: Date | null
      /** An idle equal host that runs it; null for the host of the cell. */
      hostId: number | null
      /** Further commits that idle equal hosts test at the same time. */
      also: { position: number; hostId: number }[]
    }
  | { kind: 'finished'; outcome: Outcome }

export type OutcomeKind =
  | 'confirmed'
  | 'range'
  | 'host-changed'
  | 'flaky'
  | 'other-failure'
  | 'no-result'
  | 'noisy'
  | 'budget'
  | Stop

export interface Outcome {
  kind: OutcomeKind
  /** The first bad commit is after `low`, up to `high`. */
  low: number
  high: number
  /** The position that the outcome is about, such as an end that has the wrong result. */
  position: number | null
}

/** Two repaired verdicts are bad luck; a third one means that the failure is flaky. */
const repairsMax = 2
/** Neighbours that cannot be tested. More probes beside them would probably fail too. */
const skipsMax = 3
const cheapRange = 3
/** More hosts would use the budget of a search of few commits in one round. */
const helpersMax = 3
/** With at most `cheapRange` commits left, a probe that takes longer than this is not worth its time. */
export const dearProbeMs = 2 * 3_600_000

/**
 * What a bisection does next. A restart, a late result or a result of a push changes only the rows, so the answer is
 * always right for the rows that the farm has.
 */
export function nextStep(state: BisectionState, policy: Policy = policyOf(chanceOf(measuredNoise(state)))): Step {
  const bounds = boundsOf(state, verdictsOf(state, policy.repeat))
  if (state.stop) return finished(state.stop, bounds)
  if (isTooNoisy(state.noise)) return finished('noisy', bounds)
  const useless = uselessRuns(state, policy)
  if (state.runs.some(run => run.verdict === null && !useless.includes(run))) return { kind: 'wait' }
  const step = endStep(state, policy, bounds) ?? searchStep(state, policy, bounds) ?? confirmStep(state, policy, bounds)
  if (step) return step.kind === 'probe' && isSpent(state) ? finished('budget', bounds) : step
  return (isSpent(state) ? undefined : otherCellStep(state, bounds)) ?? finished('confirmed', bounds, bounds.high)
}

/** The open probes of commits that another result has already excluded. Several hosts search at the same time. */
export function uselessRuns(state: BisectionState, policy: Policy = policyOf(chanceOf(measuredNoise(state)))): Run[] {
  const { low, high } = boundsOf(state, verdictsOf(state, policy.repeat))
  const isUseless = ({ verdict, purpose, position }: Run) =>
    verdict === null && purpose === 'search' && (position <= low || position >= high)
  return state.runs.filter(isUseless)
}

const finished = (kind: OutcomeKind, { low, high }: Bounds, position: number | null = null): Step => ({
  kind: 'finished',
  outcome: { kind, low, high, position },
})

interface Where {
  cell?: number
  notBefore?: Date | null
  hostId?: number | null
  also?: { position: number; hostId: number }[]
}

const probe = (
  position: number,
  purpose: ProbePurpose,
  { cell = 0, notBefore = null, hostId = null, also = [] }: Where = {},
): Step => ({ kind: 'probe', position, purpose, cell, notBefore, hostId, also })

/** The range in which the first bad commit is, by the results that the farm has. */
export const boundsOfState = (state: BisectionState): Bounds =>
  boundsOf(state, verdictsOf(state, policyOf(chanceOf(measuredNoise(state))).repeat))

function boundsOf({ commits }: BisectionState, verdicts: readonly PositionVerdict[]): Bounds {
  const low = Math.max(0, verdicts.slice(0, -1).lastIndexOf('good'))
  const high = verdicts.indexOf('bad', low + 1)
  return { low, high: high < 0 ? commits.length : high }
}

/** The ends run first: the answer can be that the host changed, or that the failure is flaky. */
function endStep(state: BisectionState, { repeat }: Policy, bounds: Bounds): Step | undefined {
  const verdicts = verdictsOf(state, repeat)
  const last = state.commits.length
  const both = (position: number) => new Set(clearRuns(state, position).map(({ verdict }) => verdict)).size > 1
  switch (verdicts[0]) {
    case 'unknown':
    case 'again':
      return probe(0, 'good-end')
    case 'bad':
      return finished(both(0) || state.failureRate !== null ? 'flaky' : 'host-changed', bounds, 0)
    case 'skip':
      return finished(hasOther(state, 0) ? 'host-changed' : 'no-result', bounds, 0)
  }
  switch (verdicts[last]) {
    case 'unknown':
    case 'again':
      return probe(last, 'bad-end')
    case 'good':
      return finished('flaky', bounds, last)
    case 'skip':
      return finished(hasOther(state, last) ? 'other-failure' : 'no-result', bounds, last)
  }
  const repaired = repairs(state, repeat)
  return repaired.length > repairsMax ? finished('flaky', bounds, repaired.at(-1)) : undefined
}

const hasOther = ({ runs }: BisectionState, position: number) =>
  runs.some(run => run.cell === 0 && run.position === position && run.verdict === 'other')

/** The positions whose verdict a confirming run has changed. */
function repairs(state: BisectionState, repeat: boolean): number[] {
  const positions = new Set(state.runs.filter(({ purpose }) => purpose === 'confirm').map(({ position }) => position))
  return [...positions].filter(position => {
    const runs = state.runs.filter(run => run.cell === 0 && run.position === position)
    const before = runs.slice(
      0,
      runs.findIndex(({ purpose }) => purpose === 'confirm'),
    )
    const rate = state.failureRate
    const [one, other] = [verdictOf(before, false, rate), verdictOf(runs, repeat, rate)]
    return one !== other && other !== 'again'
  })
}

function searchStep(state: BisectionState, { repeat }: Policy, bounds: Bounds): Step | undefined {
  const { low, high } = bounds
  const verdicts = verdictsOf(state, repeat)
  const between = verdicts.slice(low + 1, high)
  const again = between.lastIndexOf('again')
  if (again >= 0) return probe(low + 1 + again, 'repeat')
  if (between.length === 0) return undefined
  if (state.awaited.some(position => position > low && position < high)) return { kind: 'wait' }
  const isDear = high - low <= cheapRange && (state.expectedMs ?? 0) > dearProbeMs
  const helpers = state.failureRate === null ? state.idleHosts.slice(0, helpersMax) : []
  const hosts = helpers.slice(0, Math.max(0, state.runsMax - ownRuns(state).length - 1))
  const [next, ...further] = pickPositions(state.commits, verdicts, bounds, 1 + hosts.length)
  if (next === undefined || isDear || between.filter(verdict => verdict === 'skip').length >= skipsMax)
    return finished('range', bounds)
  return probe(next, 'search', { also: further.map((position, index) => ({ position, hostId: hosts[index] ?? 0 })) })
}

/**
 * The culprit and its parent run again by turns. The last pair runs on an idle equal host; without one, the last of
 * several pairs runs later, because flakes repeat together.
 */
function confirmStep(
  state: BisectionState,
  { confirmations, repeat }: Policy,
  { low, high }: Bounds,
): Step | undefined {
  const culprit = clearRuns(state, high)
  const failures = culprit.filter(({ verdict }) => verdict === 'bad').length
  const passes = clearRuns(state, low).filter(({ verdict }) => verdict === 'good').length
  if (state.failureRate !== null) return confirmRate(state, { low, high }, 1 + confirmations - failures, passes)
  const culpritNeeds = failuresNeeded(culprit, repeat && high < state.commits.length) + confirmations - failures
  const parentNeeds = 1 + confirmations - passes
  if (culpritNeeds <= 0 && parentNeeds <= 0) return undefined
  const pause = confirmations > 1 ? afterPause(state) : null
  if (culpritNeeds === 1 && parentNeeds === 1) return probe(high, 'confirm', elsewhere(state.idleHosts[0], pause))
  const partner = lastHost(state, high)
  if (culpritNeeds <= 0 && parentNeeds === 1 && partner !== null) {
    const idle = state.idleHosts.find(hostId => hostId === partner)
    return probe(low, 'confirm', elsewhere(idle, pause))
  }
  return probe(culpritNeeds >= parentNeeds ? high : low, 'confirm')
}

const elsewhere = (hostId: number | undefined, pause: Date | null): Where =>
  hostId === undefined ? { notBefore: pause } : { hostId }

/** The equal host of the newest confirming run of a position; null for the host of the cell. */
const lastHost = ({ runs }: BisectionState, position: number): number | null =>
  runs.findLast(run => run.cell === 0 && run.position === position && run.purpose === 'confirm')?.hostId ?? null

/** The culprit fails again, and its parent passes as many times again as make a commit good. */
function confirmRate(state: BisectionState, { low, high }: Bounds, failuresLeft: number, passes: number) {
  const passesLeft = 2 * passesNeeded(state.failureRate) - passes
  if (failuresLeft > 0) return probe(high, 'confirm')
  return passesLeft > 0 ? probe(low, 'confirm') : undefined
}

function afterPause({ runs, pauseMs }: BisectionState): Date | null {
  const last = Math.max(0, ...runs.map(({ endedAt }) => endedAt?.getTime() ?? 0))
  return last > 0 ? new Date(last + pauseMs) : null
}

/** After the answer is confirmed, the culprit and its parent run once on each other cell with the same failure. */
function otherCellStep({ runs, otherCells }: BisectionState, { low, high }: Bounds): Step | undefined {
  const isDone = (cell: number, position: number) => runs.some(run => run.cell === cell && run.position === position)
  for (let cell = 1; cell <= otherCells; cell++) {
    for (const position of [high, low]) if (!isDone(cell, position)) return probe(position, 'other-cell', { cell })
  }
  return undefined
}

/** A probe starts only if the budget also allows its expected duration. */
function isSpent(state: BisectionState): boolean {
  const own = ownRuns(state)
  return own.length >= state.runsMax || spentMs(state) + (state.expectedMs ?? 0) > state.budgetMs
}

export const ownRuns = ({ runs }: Pick<BisectionState, 'runs'>): Run[] => runs.filter(({ purpose }) => purpose !== null)

/** The time of hosts that the bisection has used, in milliseconds. */
export const spentMs = (state: Pick<BisectionState, 'runs'>): number =>
  ownRuns(state).reduce((sum, { costMs }) => sum + costMs, 0)

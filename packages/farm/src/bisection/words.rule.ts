import { dearProbeMs, type Outcome, ownRuns, spentMs } from './next-probe.rule.ts'
import { chanceOf, type Price } from './policy.rule.ts'
import { type BisectionState, clearRuns, type Doubt } from './state.rule.ts'

export interface OutcomeNames {
  /** The last good commit. */
  good: string
  /** Changes of the host facts since the last good run, such as `gcc 7.5 → 10.4`. */
  hostChanges: readonly string[]
}

/** The answer of a bisection in words. It never says that the commit causes the failure: it can expose a hidden fault. */
export function describeOutcome(outcome: Outcome, state: BisectionState, names: OutcomeNames): string {
  const left = outcome.high - outcome.low
  const remain = `${countOf(left, 'commit')} ${left === 1 ? 'remains' : 'remain'}.`
  const spent = `after ${countOf(ownRuns(state).length, 'run')} (${duration(spentMs(state))})`
  const about = commitAt(state, names, outcome.position ?? outcome.high)
  switch (outcome.kind) {
    case 'confirmed':
      return confirmed(outcome, state)
    case 'range':
      return `${rangeSentence(left)}${untestable(outcome, state)}${dear(outcome, state)}`
    case 'host-changed':
      return state.insideMerge
        ? `The commit ${about}, which both sides of the merge contain, fails on this host.${hostChange(names)}`
        : `The last good commit ${about} now fails on this host.${hostChange(names)}`
    case 'flaky':
      return state.failureRate === null
        ? `No first bad commit: commit ${about} both passed and failed.`
        : `No first bad commit: ${rateWords(state, outcome, about)}`
    case 'other-failure':
      return `No first bad commit: commit ${about} now fails with another error on this host.`
    case 'no-result':
      return `No first bad commit: the runs of commit ${about} have no result.`
    case 'noisy':
      return `No first bad commit: about ${Math.round(chanceOf(state.noise) * 100)} % of the runs of good commits fail with this error.`
    case 'budget':
      return `Stopped ${spent}. ${remain}`
    case 'cancelled':
      return `Cancelled ${spent}. ${remain}`
    case 'fixed':
      return `Stopped ${spent}: the cell passes again. ${remain}`
    case 'host-gone':
      return `Stopped ${spent}: the host has left the farm. ${remain}`
    case 'rewritten':
      return `Stopped ${spent}: the branch no longer contains these commits.`
  }
}

function confirmed({ low, high }: Outcome, state: BisectionState): string {
  const culprit = state.commits[high - 1]
  const timesOf = (position: number, verdict: 'good' | 'bad') => {
    const runs = clearRuns(state, position)
    return `${runs.filter(run => run.verdict === verdict).length} of ${countOf(runs.length, 'time')}`
  }
  const author = culprit?.author ? ` (${culprit.author})` : ''
  return [
    `First bad commit: ${shortCommit(culprit?.commit ?? '')}${author}.`,
    `It failed ${timesOf(high, 'bad')}; its parent passed ${timesOf(low, 'good')}.`,
    ...(state.insideMerge && high === state.commits.length
      ? ['This commit is the merge: each merged commit passes.']
      : []),
    ...(culprit?.doubt ? [doubts[culprit.doubt]] : []),
    ...otherCells({ low, high }, state),
  ].join(' ')
}

/** The failure occurs in a share of the runs, and the runs of an end contradict the start. */
const rateWords = (state: BisectionState, { position }: Outcome, about: string): string =>
  position === state.commits.length
    ? `commit ${about} passed ${countOf(clearRuns(state, position).length, 'time')}.`
    : `commit ${about} also fails sometimes.`

const doubts: Record<Doubt, string> = {
  merge: 'Check this answer: the commit is a merge.',
  documentation: 'Check this answer: the commit changes only documentation.',
  'other-arch': 'Check this answer: the commit changes only files of another architecture.',
  comments: 'Check this answer: the commit changes only comments.',
}

function otherCells({ low, high }: Pick<Outcome, 'low' | 'high'>, { runs, otherCells }: BisectionState): string[] {
  const has = (cell: number, position: number, verdict: string) =>
    runs.some(run => run.cell === cell && run.position === position && run.verdict === verdict)
  const cells = Array.from({ length: otherCells }, (_, index) => index + 1)
  const tested = cells.filter(cell => runs.some(run => run.cell === cell && run.verdict !== null))
  if (tested.length === 0) return []
  const same = tested.filter(cell => has(cell, high, 'bad') && has(cell, low, 'good'))
  const cellsText = tested.length === 1 ? '1 other cell' : `${tested.length} other cells`
  return [`The answer is the same for ${same.length} of ${cellsText}.`]
}

const rangeSentence = (left: number) =>
  left === 1 ? 'The failure started in one commit.' : `The failure started in one of these ${left} commits.`

function untestable({ low, high }: Outcome, { runs, commits }: BisectionState): string {
  const skipped = commits.filter(
    ({ position }) =>
      position > low && position < high && runs.some(run => run.cell === 0 && run.position === position),
  ).length
  return skipped === 0 ? '' : ` ${countOf(skipped, 'commit')} could not be built.`
}

function dear({ low, high }: Outcome, { runs, expectedMs, commits }: BisectionState): string {
  const untested = commits.some(
    ({ position }) => position > low && position < high && !runs.some(run => run.position === position),
  )
  return untested && expectedMs !== null && expectedMs > dearProbeMs
    ? ` One more probe takes about ${duration(expectedMs)}.`
    : ''
}

const hostChange = ({ hostChanges }: OutcomeNames): string =>
  hostChanges.length === 0 ? '' : ` Host change since then: ${hostChanges.join(', ')}.`

const commitAt = ({ commits }: BisectionState, { good }: OutcomeNames, position: number): string =>
  shortCommit(position === 0 ? good : (commits[position - 1]?.commit ?? ''))

const shortCommit = (commit: string): string => commit.slice(0, 10)

/** The price before the start: "about 5 probes, 9 h on sparc64-netbsd". */
export const describePrice = ({ probes, milliseconds }: Price, host: string): string =>
  `about ${countOf(probes, 'probe')}${milliseconds === null ? '' : `, ${duration(milliseconds)}`} on ${host}`

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** A duration in its largest unit, as a person would estimate it. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

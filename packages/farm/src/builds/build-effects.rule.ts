import type { Verdict } from '@rumpfarm/contracts'

/** The results of a job's attempts: all passed, none passed, or both; none: no attempt has a result. */
export type JobOutcome = 'pass' | 'fail' | 'mixed' | 'none'

/** How a build changed a cell, compared with the newest earlier commit of the branch that has a result. */
export type Effect =
  | 'broke'
  | 'fixed'
  /** Failed before, and fails at another step or with another error. */
  | 'failing-differently'
  | 'still-failing'
  | 'still-passing'
  /** The first result of the cell. */
  | 'first-pass'
  | 'first-failure'
  /** Passed and failed at one of the two commits. */
  | 'flaky'
  /** The build has no result yet. */
  | 'none'

interface Way {
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
}

export interface JobResult {
  passed: number
  failed: number
  /** The newest attempt with a result. */
  last: Way | null
}

export const outcomeOf = ({ passed, failed }: Pick<JobResult, 'passed' | 'failed'>): JobOutcome =>
  passed > 0 ? (failed > 0 ? 'mixed' : 'pass') : failed > 0 ? 'fail' : 'none'

/** `before` is null if no earlier commit has a result. */
export function effectOf(now: JobResult, before: JobResult | null): Effect {
  const [outcome, earlier] = [outcomeOf(now), before ? outcomeOf(before) : 'none']
  if (outcome === 'none') return 'none'
  if (outcome === 'mixed' || earlier === 'mixed') return 'flaky'
  if (earlier === 'none') return outcome === 'pass' ? 'first-pass' : 'first-failure'
  if (outcome === 'pass') return earlier === 'pass' ? 'still-passing' : 'fixed'
  if (earlier === 'pass') return 'broke'
  return isSameWay(now.last, before?.last ?? null) ? 'still-failing' : 'failing-differently'
}

/** Before the farm has examined a log, the verdict and the step alone count. */
const isSameWay = (one: Way | null, other: Way | null): boolean =>
  one?.verdict === other?.verdict &&
  one?.failedStep === other?.failedStep &&
  (one?.fingerprint == null || other?.fingerprint == null || one.fingerprint === other.fingerprint)

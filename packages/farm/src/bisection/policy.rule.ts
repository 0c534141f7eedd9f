import { type BisectionState, clearRuns, type Noise, passesNeeded } from './state.rule.ts'

/** How much evidence a bisection needs, from the share of good commits that fail with its fingerprint. */
export interface Policy {
  /** How many more times the culprit and its parent run. */
  confirmations: number
  /** Whether a failing probe runs again before it counts. */
  repeat: boolean
}

/** With more noise than this, a bisection names wrong commits. */
export const noiseMax = 0.2
const noiseForSecondConfirmation = 0.02
const noiseForRepeats = 0.05

/**
 * The chance that a good commit fails with the fingerprint. Without any such failure, a short history is no evidence of
 * noise, so the chance is at most 5 %.
 */
export const chanceOf = ({ runs, failed }: Noise): number => {
  const chance = (failed + 0.5) / (runs + 1)
  return failed === 0 ? Math.min(chance, noiseForRepeats) : chance
}

/** Whether the failure occurs so often on good commits that a bisection would be misleading. */
export const isTooNoisy = (noise: Noise): boolean => chanceOf(noise) > noiseMax

export const policyOf = (chance: number): Policy => ({
  confirmations: chance < noiseForSecondConfirmation ? 1 : 2,
  repeat: chance > noiseForRepeats,
})

/** The noise with the runs of the bisection itself: the commits that it ran repeatedly, and that pass. */
export function measuredNoise(state: BisectionState): Noise {
  let { runs, failed } = state.noise
  if (state.failureRate !== null) return { runs, failed } // a bad commit passes too, so its failures are no noise
  for (let position = 0; position < state.commits.length; position++) {
    const own = clearRuns(state, position)
    if (own.length < 2 || own.at(-1)?.verdict !== 'good') continue
    runs += own.length
    failed += own.filter(({ verdict }) => verdict === 'bad').length
  }
  return { runs, failed }
}

/** The probes that halve a range of this many commits. */
export const searchProbes = (commits: number): number => Math.ceil(Math.log2(Math.max(1, commits)))

/** A bisection ends after this many runs of its own. */
export function runsMaxOf(commits: number, policy: Policy, failureRate: number | null = null): number {
  if (failureRate !== null) return 2 * probesOfRate(commits, policy, failureRate)
  return 2 * searchProbes(commits) + 2 * policy.confirmations + 4
}

export interface Price {
  /** The ends, the search and the confirmation. */
  probes: number
  /** The expected time on the host. Null if the farm does not know how long a run takes. */
  milliseconds: number | null
}

/** The expected price, without repeated failures and skipped commits. */
export function priceOf(
  commits: number,
  policy: Policy,
  expectedMs: number | null,
  failureRate: number | null = null,
): Price {
  const probes =
    failureRate === null
      ? 2 + searchProbes(commits) + 2 * policy.confirmations
      : probesOfRate(commits, policy, failureRate)
  return { probes, milliseconds: expectedMs === null ? null : probes * expectedMs }
}

/** A good commit needs several passes, and a bad commit runs until it fails. Half of the searched commits are good. */
function probesOfRate(commits: number, { confirmations }: Policy, failureRate: number): number {
  const [good, bad] = [passesNeeded(failureRate), 1 / failureRate]
  return Math.ceil(good + bad + (searchProbes(commits) * (good + bad)) / 2 + good + confirmations * bad)
}

import type { Verdict } from '@rumpfarm/contracts'

/** How unsteady the newest results of a cell are. */
export interface Flakiness {
  /** Whether the cell counts as flaky: a failure of this cell alone does not show that its commit is bad. */
  flaky: boolean
  /** The number of the newest results that were counted: at most 20. */
  results: number
  /** How often these results changed between passed and not passed. */
  changes: number
}

interface Result {
  commit: string
  verdict: Verdict
}

const resultsMax = 20
/** A cell with fewer results or fewer changes is not flaky because of its changes. */
const resultsMin = 10
const changesMin = 4
const changesShareMin = 0.3
/** After this many failures in a row, the failure counts as real, even in a cell whose results change often. */
const failuresInARow = 4
/** If only a commit that passed and failed makes the cell flaky, two further failing commits count as a real failure. */
const failingCommitsMax = 1
/** A flaky cell counts as steady again after this many passes, or after three times the usual distance of failures. */
const passesMin = 10

/**
 * Derives the flakiness from the results of a cell, oldest first. `failingCommits` is the number of the newest commits
 * that failed without a pass between them. A cell is flaky if one commit both passed and failed, or if the results
 * change often. It is not flaky while it fails again and again, or after many passes.
 */
export function flakinessOf(all: readonly Result[], failingCommits: number): Flakiness {
  const window = all.slice(-resultsMax)
  const passed = window.map(({ verdict }) => verdict === 'passed')
  const changes = passed.filter((pass, index) => index > 0 && pass !== passed[index - 1]).length
  const failures = passed.filter(pass => !pass).length
  const lastFailure = passed.lastIndexOf(false)
  const isRecovered = passed.length - 1 - lastFailure >= Math.max(passesMin, (3 * passed.length) / failures)
  const failsSteadily = passed.length >= failuresInARow && passed.slice(-failuresInARow).every(pass => !pass)
  const changesOften =
    passed.length >= resultsMin && changes >= changesMin && changes / passed.length >= changesShareMin
  const isFlaky = changesOften ? !failsSteadily : hasMixedCommit(window) && failingCommits <= failingCommitsMax
  return { flaky: failures > 0 && !isRecovered && isFlaky, results: window.length, changes }
}

function hasMixedCommit(results: readonly Result[]): boolean {
  const passed = new Set(results.filter(({ verdict }) => verdict === 'passed').map(({ commit }) => commit))
  return results.some(({ commit, verdict }) => verdict !== 'passed' && passed.has(commit))
}

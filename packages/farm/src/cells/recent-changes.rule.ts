import type { CellState, Verdict } from '@rumpfarm/contracts'

/** A cell whose result changed. */
export interface ChangedResult {
  project: string
  branch: string
  host: string
  arch: string
  variant: string
  state: CellState
  verdict: Verdict
  failedStep: string | null
  jobId: number
  /** The build at which the result changed, with its commit, and when this happened. */
  buildId: number
  commit: string
  at: Date
  subject: string | null
  author: string | null
  /** The line of the log that shows the failure. Null for a pass, and before the farm has examined the log. */
  message: string | null
}

/** Cells whose result changed with one build in the same way: they passed, or failed at the same step. */
export interface RecentChange
  extends Pick<ChangedResult, 'project' | 'branch' | 'verdict' | 'buildId' | 'commit' | 'subject' | 'author'> {
  /** The failed step. Null for a pass. */
  step: string | null
  /** The first error line that the farm found in one of the cells. */
  message: string | null
  /** When the first and the last of the cells changed. */
  firstAt: Date
  lastAt: Date
  /** Sorted by host, arch and variant. */
  cells: Pick<ChangedResult, 'host' | 'arch' | 'variant' | 'jobId'>[]
}

/**
 * The states whose last change is news. An unconfirmed failure can still turn out to be flaky, and the results of a flaky
 * cell change with each run.
 */
export const newsStates = [
  'passing',
  'fixed',
  'failing',
  'newly-failing',
  'still-failing',
  'failing-differently',
] as const satisfies readonly CellState[]

/** The same change of a cell comes from the cell itself and from the history of its problems. */
const oneOfEachCell = (results: readonly ChangedResult[]): ChangedResult[] => {
  const cells = new Map<string, ChangedResult>()
  for (const result of results) {
    const key = `${result.host}\n${nameOf(result)}`
    if (!cells.has(key)) cells.set(key, result)
  }
  return [...cells.values()]
}

/**
 * Groups the changes, newest first. If two results are about one change of a cell, the first counts. A group depends only
 * on the build, the verdict and the step, so it stays the same when the farm has examined the logs.
 */
export function groupChanges(results: readonly ChangedResult[], limit: number): RecentChange[] {
  const groups = new Map<string, ChangedResult[]>()
  for (const result of results) {
    const key = `${result.project}\n${result.branch}\n${result.buildId}\n${result.verdict}\n${stepOf(result)}`
    const others = groups.get(key)
    if (others) others.push(result)
    else groups.set(key, [result])
  }
  return [...groups.values()]
    .map(group => datedOf(oneOfEachCell(group)))
    .sort((one, other) => other.lastAt - one.lastAt || other.buildId - one.buildId)
    .slice(0, limit)
    .map(({ results }) => changeOf(results))
}

const datedOf = (results: readonly ChangedResult[]) => ({
  results,
  buildId: results[0]?.buildId ?? 0,
  lastAt: Math.max(...results.map(({ at }) => at.getTime())),
})

const stepOf = ({ verdict, failedStep }: ChangedResult): string | null => (verdict === 'passed' ? null : failedStep)

function changeOf(results: readonly ChangedResult[]): RecentChange {
  const [first] = results as [ChangedResult, ...ChangedResult[]]
  const { project, branch, verdict, buildId, commit, subject, author } = first
  const cells = results.map(({ host, arch, variant, jobId }) => ({ host, arch, variant, jobId }))
  const times = results.map(({ at }) => at.getTime())
  return {
    project,
    branch,
    verdict,
    buildId,
    commit,
    subject,
    author,
    step: stepOf(first),
    cells: cells.sort((one, other) => compare(one.host, other.host) || compare(nameOf(one), nameOf(other))),
    message: results.find(({ message }) => message !== null)?.message ?? null,
    firstAt: new Date(Math.min(...times)),
    lastAt: new Date(Math.max(...times)),
  }
}

const nameOf = ({ arch, variant }: { arch: string; variant: string }): string => `${arch}\n${variant}`
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

import type { Verdict } from '@rumpfarm/contracts'
import { type CellRecord, isFailure, type MatrixCell, type Milestone } from './matrix-cell.rule.ts'

/** Cells of a project that failed in the same way. People see them as one failure. */
export interface Trouble {
  project: string
  verdict: Verdict
  step: string | null
  cells: MatrixCell[]
  /** How many cells of the project have a result of a commit at which one of these cells failed. */
  of: number
  /** How many cells of the project can still get a result of such a commit. */
  notYet: number
  /** The first build of this failure. */
  since: Milestone
  /** The first build of the series of failures. Its failure may be of another kind. */
  failing: Milestone
}

/** The groups of failures. The newest failure is first. */
export function groupTroubles(cells: readonly MatrixCell[]): Trouble[] {
  const groups = new Map<string, [FailedCell, ...FailedCell[]]>()
  for (const cell of cells.filter(isFailed)) {
    const { project, last } = cell
    const key = `${project}\n${last.verdict}\n${last.failedStep ?? ''}`
    const group = groups.get(key)
    if (group) group.push(cell)
    else groups.set(key, [cell])
  }
  return [...groups.values()].map(troubleOf).sort((a, b) => b.since.at.getTime() - a.since.at.getTime())
}

type FailedCell = MatrixCell & { last: CellRecord }

const isFailed = (cell: MatrixCell): cell is FailedCell => cell.last !== null && isFailure(cell.status)

function troubleOf(cells: [FailedCell, ...FailedCell[]]): Trouble {
  const [{ project, last }] = cells
  return {
    project,
    verdict: last.verdict,
    step: last.failedStep,
    cells,
    ...extent(cells),
    since: cells.map(cell => cell.last.changed ?? cell.last.since).reduce(earlier),
    failing: cells.map(cell => cell.last.since).reduce(earlier),
  }
}

const earlier = (a: Milestone, b: Milestone): Milestone => (b.at < a.at ? b : a)

/** Uses one cell for each commit, because the `alike` of this cell already counts the commit's other cells. */
function extent(cells: readonly FailedCell[]): Pick<Trouble, 'of' | 'notYet'> {
  const byCommit = new Map(cells.map(({ last, alike }) => [last.commit, alike]))
  const alikes = [...byCommit.values()]
  return {
    of: alikes.reduce((sum, { of }) => sum + of + 1, 0),
    notYet: Math.min(...alikes.map(({ notYet }) => notYet)),
  }
}

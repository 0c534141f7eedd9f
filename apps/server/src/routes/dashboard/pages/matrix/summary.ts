import { isResult, type Matrix, type MatrixCell } from '@rumpfarm/farm'
import { counted, isActive, isTrouble, type Status } from '../../components/status.ts'

/**
 * How a cell stands: its newest verdict, that it never ran, or why it cannot. What runs now is `active`, beside it, and
 * counts for a cell that has no result yet: a lost attempt that is tried again is no failure.
 */
export function cellStatus({ last, prevented, known, active }: MatrixCell): Status {
  if (!last) return prevented === null ? 'never' : 'prevented'
  if (active && !isResult(last.verdict)) return active.state
  return known !== null && isTrouble(last.verdict) ? 'known' : last.verdict
}

export interface Summary {
  cells: number
  passed: number
  trouble: number
  known: number
  never: number
  prevented: number
  cancelled: number
  running: number
  waiting: number
}

export function summarise({ cells }: Pick<Matrix, 'cells'>): Summary {
  const summary: Summary = {
    cells: cells.length,
    passed: 0,
    trouble: 0,
    known: 0,
    never: 0,
    prevented: 0,
    cancelled: 0,
    running: 0,
    waiting: 0,
  }
  for (const cell of cells) {
    const status = cellStatus(cell)
    if (isTrouble(status)) summary.trouble++
    else if (!isActive(status)) summary[status]++
    if (cell.active?.state === 'running' || cell.active?.state === 'leased') summary.running++
    else if (cell.active && isActive(cell.active.state)) summary.waiting++
  }
  return summary
}

/** Cells of a project that ended alike: one trouble to look at, however many cells show it. */
export interface Trouble {
  project: string
  status: Status
  step: string | null
  cells: MatrixCell[]
  /** Cells of the project with a result at one of these commits, and those that have none of them yet. */
  of: number
  notYet: number
  /** When the first of them began to end like this. */
  since: Moment
  /** When the first of them began to fail in any way. */
  failing: Moment
}

type Moment = { at: Date; buildId: number; commit: string }

/** The newest trouble first: what a maintainer did not know yesterday. */
export function troubles({ cells }: Pick<Matrix, 'cells'>): Trouble[] {
  const found = new Map<string, Trouble>()
  for (const cell of cells) {
    const { last } = cell
    if (!last || !isTrouble(cellStatus(cell))) continue
    const { since, changed } = last
    const key = `${cell.project}\n${last.verdict}\n${last.failedStep ?? ''}`
    const known = found.get(key)
    if (!known) {
      const { project } = cell
      found.set(key, {
        project,
        status: last.verdict,
        step: last.failedStep,
        cells: [cell],
        ...extent([cell]),
        since: changed ?? since,
        failing: since,
      })
      continue
    }
    known.cells.push(cell)
    known.since = earlier(known.since, changed ?? since)
    known.failing = earlier(known.failing, since)
  }
  for (const trouble of found.values()) Object.assign(trouble, extent(trouble.cells))
  return [...found.values()].sort((a, b) => b.since.at.getTime() - a.since.at.getTime())
}

const earlier = (a: Moment, b: Moment): Moment => (b.at < a.at ? b : a)

/** Each commit's cells are counted once: the first of them knows how many the others are. */
function extent(cells: readonly MatrixCell[]): Pick<Trouble, 'of' | 'notYet'> {
  const byCommit = new Map(cells.map(({ last, alike }) => [last?.commit, alike]))
  const alikes = [...byCommit.values()]
  return {
    of: alikes.reduce((sum, { of }) => sum + of + 1, 0),
    notYet: Math.min(...alikes.map(({ notYet }) => notYet)),
  }
}

/** How many of the cells that ran the same commit failed in the same way. */
export function spread(same: number, of: number, notYet: number): string {
  if (notYet > 0) return `${same} of ${counted(of, 'finished cell')}; ${notYet} not finished`
  if (of <= 1) return ''
  if (same === of) return `all ${of} cells`
  return same === 1 ? 'only here' : `${same} of ${of} cells`
}

import { isResult } from './cell.rule.ts'
import type { MatrixCell } from './matrix-cell.rule.ts'

/** Sets `alike` of each cell that has a result: how many other cells of the project ended in the same way. */
export function countAlike(cells: readonly MatrixCell[]): void {
  const counts = new Map<string, number>()
  const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  const results = cells.filter(({ last }) => last && isResult(last.verdict))
  for (const cell of results) {
    count(commitKey(cell))
    count(outcomeKey(cell))
  }
  const notYet = countNotYet(cells)
  for (const cell of results) {
    cell.alike = {
      cells: (counts.get(outcomeKey(cell)) ?? 1) - 1,
      of: (counts.get(commitKey(cell)) ?? 1) - 1,
      notYet: notYet(cell.project, cell.last?.position ?? 0),
    }
  }
}

/** How many cells of a project can still get a result of a commit, because they have no result or an older result. */
function countNotYet(cells: readonly MatrixCell[]): (project: string, position: number) => number {
  const newest = new Map<string, number[]>() // for each project, the position of each cell's result; 0 without a result
  for (const { project, last, prevented } of cells) {
    const position = last && isResult(last.verdict) ? (last.position ?? 0) : 0
    if (position === 0 && prevented !== null) continue
    const positions = newest.get(project)
    if (positions) positions.push(position)
    else newest.set(project, [position])
  }
  const known = new Map<string, number>() // a matrix has few commits and many cells
  return (project, position) => {
    const key = `${project}\n${position}`
    const count = known.get(key) ?? newest.get(project)?.filter(other => other < position).length ?? 0
    known.set(key, count)
    return count
  }
}

const commitKey = ({ project, last }: MatrixCell) => `${project}\n${last?.commit}`
const outcomeKey = (cell: MatrixCell) => `${commitKey(cell)}\n${cell.last?.verdict}\n${cell.last?.failedStep ?? ''}`

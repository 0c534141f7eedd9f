import type { Look } from './look.rule.ts'

/** How many boxes have each look. */
export type LookCounts = Readonly<Record<Look, number>>

/** How many boxes have at least one cell of each kind. A box can have several kinds. */
export interface ChangeCounts {
  new: number
  unconfirmed: number
  fixed: number
  still: number
}

/**
 * One sentence that says what changed since yesterday. A box is a host and an arch. `looks` counts each box once, with
 * its worst cell.
 */
export function headline(looks: LookCounts, changes: ChangeCounts): string {
  const boxes = Object.values(looks).reduce((sum, count) => sum + count, 0) - looks.prevented
  if (boxes === 0) return 'No host builds any project yet'
  const rest = listed([
    [changes.unconfirmed, 'unconfirmed'],
    [changes.fixed, 'fixed'],
    [changes.still, 'still failing'],
  ])
  const quiet = listed([
    [looks.known, 'known to fail'],
    [looks.lost, 'lost'],
    [looks['never-ran'], 'never ran'],
    [looks.flaky, 'flaky'],
    [looks['tests-missing'], 'without their tests'],
    [looks.cancelled, 'cancelled'],
  ])
  if (changes.new > 0) return `${changes.new} new ${changes.new === 1 ? 'failure' : 'failures'} since yesterday${rest}`
  if (changes.unconfirmed + changes.still > 0) return `No new failures since yesterday${rest}`
  const passed = looks.passed + looks.fixed
  if (passed === boxes) return boxes === 1 ? 'The only box passes' : `All ${boxes} boxes pass`
  return `No failures${quiet === '' ? `, ${passed} of ${boxes} boxes passed` : quiet}`
}

const listed = (counts: readonly (readonly [number, string])[]): string =>
  counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `, ${count} ${what}`)
    .join('')

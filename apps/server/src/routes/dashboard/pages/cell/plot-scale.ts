import { duration } from '../../components/times.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const steps = [1, 2, 5, 10, 15, 30]
/** Distances between two lines of an axis, in milliseconds. */
const distances = [
  ...[0.1, 0.2, 0.5].map(count => count * second),
  ...steps.map(count => count * second),
  ...steps.map(count => count * minute),
  ...[1, 2, 3, 6, 12].map(count => count * hour),
  ...[1, 2, 5, 10, 20, 50, 100].map(count => count * day),
]

export interface Tick {
  milliseconds: number
  label: string
}

export interface Scale {
  /** The time at the top of the plot; above 0. */
  max: number
  /** Lines of the axis from 0 to `max`: at least two, at most five. */
  ticks: Tick[]
}

/** An axis with round times that has room for these durations. */
export function scaleOf(milliseconds: readonly number[]): Scale {
  const longest = Math.max(second / 10, ...milliseconds)
  const distance = distances.find(step => longest / step <= 4) ?? longest / 4
  const lines = Math.ceil(longest / distance)
  const ticks = Array.from({ length: lines + 1 }, (_, index) => ({
    milliseconds: index * distance,
    label: index === 0 ? '0' : duration(index * distance).replace(/ 00 (s|min|h)$/, ''),
  }))
  return { max: lines * distance, ticks }
}

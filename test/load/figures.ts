/** One measured value with its unit, and its goal if it has one. */
export interface Figure {
  name: string
  value: number
  unit: string
  goal?: { atMost: number } | { atLeast: number }
  met?: boolean
  /** The measurements. The value is their median or another percentile. */
  distribution?: Distribution
  note?: string
}

/** Prints the progress of a benchmark. */
export type Say = (line: string) => void
export type Bench = (say: Say, options: BenchOptions) => Promise<Figure[]>

export interface BenchOptions {
  /** For `growth`: the number of jobs of a further farm. */
  jobs?: number
}

export interface Distribution {
  n: number
  min: number
  median: number
  p95: number
  p99: number
  max: number
}

export const rounded = (value: number): number => Number(value.toPrecision(4))

export function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (part: number) =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN)
  return { n: sorted.length, min: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}

export const median = (values: readonly number[]): number => distribution(values).median

export function figure(name: string, value: number, unit: string, more: Partial<Figure> = {}): Figure {
  const { goal } = more
  const shown = rounded(value)
  if (!goal) return { name, value: shown, unit, ...more }
  return { name, value: shown, unit, ...more, met: 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast }
}

import type { StepEnd } from '@rumpfarm/contracts'

type NamedStep = StepEnd & { name: string }

/** The usual duration of each step in milliseconds: the median of passed runs. */
export function usualSteps(runs: readonly (readonly NamedStep[])[]): Record<string, number> {
  const names = new Set(runs.flat().map(({ name }) => name))
  return Object.fromEntries([...names].map(name => [name, median(durationsOf(name, runs))]))
}

const durationsOf = (name: string, runs: readonly (readonly NamedStep[])[]): number[] =>
  runs.flatMap(steps => steps.filter(step => step.name === name).map(({ milliseconds }) => milliseconds))

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return Math.round(((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2)
}

import type { Farm } from '@rumpfarm/farm'
import { type Difference, differingLines } from './differing-lines.ts'
import { comparedStep, comparedSteps, differingFacts, type FactRow, type Run, type StepRow } from './facts.ts'
import { readStep } from './read-step.ts'

export interface Comparison {
  facts: FactRow[]
  steps: StepRow[]
  /** The step whose output is compared; undefined if no step has ended in both runs. */
  step: string | undefined
  lines: Difference | undefined
  /** Whether the server compared only the start of the step. */
  cut: boolean
}

export async function compare(farm: Farm, before: Run, after: Run): Promise<Comparison> {
  const steps = comparedSteps(before, after)
  const step = comparedStep(steps, after)
  const id = ({ job, attempt }: Run) => ({ jobId: job.id, number: attempt.number })
  const surroundings = await farm.cells.compareRuns(id(before), id(after))
  const facts = differingFacts(before, after, surroundings)
  if (step === undefined) return { facts, steps, step, lines: undefined, cut: false }
  const [one, other] = await Promise.all([readStep(farm, before, step), readStep(farm, after, step)])
  return { facts, steps, step, lines: await differingLines(one, other), cut: one.cut || other.cut }
}

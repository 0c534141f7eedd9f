import type { AttemptView, Recipe } from '@rumpfarm/farm'
import { type JobStatus, stepStatus } from '../components/status.ts'

/** The output of one step, or the output of the agent after the last step. */
export interface LogSection {
  /** The name of the step; undefined for the output of the agent. */
  step: string | undefined
  /** The value is undefined while the step runs. */
  exit: number | undefined
  status: JobStatus | undefined
  start: number
  /** If undefined, this is the last section, up to the end of the log. */
  end: number | undefined
}

/**
 * Returns the sections in order: one for each ended step, and one for the running step or for the agent's last output.
 */
export function logSections(
  { steps, verdict }: Pick<AttemptView, 'steps' | 'verdict'>,
  recipe: Pick<Recipe, 'steps'>,
): LogSection[] {
  const sections: LogSection[] = []
  let start = 0
  for (const [index, { name, exit, logBytes }] of steps.entries()) {
    const end = Math.max(start, logBytes)
    const status = stepStatus(exit, index === steps.length - 1, verdict)
    sections.push({ step: name, exit, status, start, end })
    start = end
  }
  const failed = steps.some(({ exit }) => exit !== 0)
  const step = failed ? undefined : recipe.steps[steps.length]?.name
  sections.push({ step, exit: undefined, status: undefined, start, end: undefined })
  return sections
}

/** The section with the byte at `offset`. */
export function sectionAt(sections: readonly LogSection[], offset: number): number {
  const found = sections.findIndex(({ end }) => end === undefined || offset < end)
  return found < 0 ? sections.length - 1 : found
}

import type { AttemptView, Recipe } from '@rumpfarm/farm'
import { type JobStatus, stepStatus } from '../components/status.ts'

/** The part of a log that one step wrote. */
export interface LogSection {
  /** Undefined: what the agent wrote after the last step ended. */
  step: string | undefined
  /** Undefined while the step has not ended. */
  exit: number | undefined
  /** How the step ended. */
  status: JobStatus | undefined
  start: number
  /** Undefined: it is the last one, and reaches as far as the log. */
  end: number | undefined
}

/** The sections of an attempt's log, in order: of the ended steps, and of the one that has not ended. */
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

/** The section that the byte at `offset` belongs to. */
export function sectionAt(sections: readonly LogSection[], offset: number): number {
  const found = sections.findIndex(({ end }) => end === undefined || offset < end)
  return found < 0 ? sections.length - 1 : found
}

import type { AttemptView, Recipe } from '@rumpfarm/farm'

/** The part of a log that one step wrote. */
export interface LogSection {
  /** Undefined: what the agent wrote after the last step ended. */
  step: string | undefined
  /** Undefined while the step has not ended. */
  exit: number | undefined
  start: number
  /** Undefined: it is the last one, and reaches as far as the log. */
  end: number | undefined
}

/** The sections of an attempt's log, in order: of the ended steps, and of the one that has not ended. */
export function logSections(steps: AttemptView['steps'], recipe: Pick<Recipe, 'steps'>): LogSection[] {
  const sections: LogSection[] = []
  let start = 0
  for (const { name, exit, logBytes } of steps) {
    const end = Math.max(start, logBytes)
    sections.push({ step: name, exit, start, end })
    start = end
  }
  const failed = steps.some(({ exit }) => exit !== 0)
  sections.push({ step: failed ? undefined : recipe.steps[steps.length]?.name, exit: undefined, start, end: undefined })
  return sections
}

/** The section that the byte at `offset` belongs to. */
export function sectionAt(sections: readonly LogSection[], offset: number): number {
  const found = sections.findIndex(({ end }) => end === undefined || offset < end)
  return found < 0 ? sections.length - 1 : found
}

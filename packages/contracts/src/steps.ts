import { wireNumber } from './wire.ts'
import type { StepEnd } from './words.ts'

const stepsMax = 64

/** Reads `EXIT:MILLISECONDS:LOGBYTES,…`; undefined if it is malformed. Nothing ended yet is the empty text. */
export function readSteps(text: string): StepEnd[] | undefined {
  if (text === '') return []
  const parts = text.split(',')
  if (parts.length > stepsMax) return undefined
  const steps: StepEnd[] = []
  for (const part of parts) {
    const [exit, milliseconds, logBytes, rest] = part.split(':').map(wireNumber)
    if (exit === undefined || milliseconds === undefined || logBytes === undefined || rest !== undefined)
      return undefined
    steps.push({ exit: exitCode(exit), milliseconds, logBytes })
  }
  return steps
}

export const writeSteps = (steps: readonly StepEnd[]): string =>
  steps.map(step => `${step.exit}:${step.milliseconds}:${step.logBytes}`).join(',')

/**
 * Death by a signal is 128+N in most shells, 256+N in ksh93 and 384+N in yash (for SIGTERM: 143, 271, 399):
 * the farm keeps the first form.
 */
export function exitCode(reported: number): number {
  if (reported > 384 && reported < 384 + 65) return reported - 256
  if (reported > 256 && reported < 256 + 65) return reported - 128
  return Math.min(reported, 255)
}

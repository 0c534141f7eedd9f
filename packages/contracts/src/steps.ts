import type { StepEnd } from './attempts.ts'
import { wireNumber } from './wire.ts'

const stepsMax = 64

/** Reads at most 64 steps, as `EXIT:MILLISECONDS:LOGBYTES,…`. Undefined for malformed text. Empty text has no steps. */
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
 * After a signal N, most shells report 128+N, ksh93 reports 256+N, and yash reports 384+N (after SIGTERM: 143, 271 and
 * 399). The farm stores 128+N.
 */
export function exitCode(reported: number): number {
  if (reported > 384 && reported < 384 + 65) return reported - 256
  if (reported > 256 && reported < 256 + 65) return reported - 128
  return Math.min(reported, 255)
}

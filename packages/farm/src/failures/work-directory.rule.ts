import { type AttemptId, attemptName } from '@rumpfarm/contracts'

/**
 * The directory in which a host runs an attempt, from the output of the attempt: an absolute path whose last part is
 * `attempt-JOB.NUMBER`. Undefined if the output does not contain it.
 */
export function workDirectoryOf(output: string, attempt: AttemptId): string | undefined {
  const name = `/attempt-${attemptName(attempt)}`
  for (let at = output.indexOf(name); at >= 0; at = output.indexOf(name, at + 1)) {
    const before = output.slice(Math.max(0, at - pathCharactersMax), at)
    const path = /\/[^\s'"`:=,;()<>|&\\]*$/.exec(before)?.[0]
    const next = output[at + name.length]
    if (path !== undefined && (next === undefined || !/[\w.-]/.test(next))) return `${path}${name}`
  }
  return undefined
}

const pathCharactersMax = 500

import type { AttemptView } from '@rumpfarm/farm'

type Timed = Pick<AttemptView, 'startedAt' | 'finishedAt' | 'steps' | 'verdict'>

/**
 * Returns the time of an attempt's steps in milliseconds; undefined before the start. If the host ended the attempt,
 * the host's own measurements count, because a server that was down receives the result late.
 */
export function attemptMilliseconds({ startedAt, finishedAt, steps, verdict }: Timed, at: Date): number | undefined {
  if (startedAt === null) return undefined
  const measuredByHost = finishedAt !== null && verdict !== 'lost' && steps.length > 0
  return measuredByHost ? stepMilliseconds(steps) : (finishedAt ?? at).getTime() - startedAt.getTime()
}

export const stepMilliseconds = (steps: Timed['steps']): number =>
  steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0)

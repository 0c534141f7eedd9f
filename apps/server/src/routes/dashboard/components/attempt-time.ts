import type { AttemptView } from '@rumpfarm/farm'

type Timed = Pick<AttemptView, 'startedAt' | 'finishedAt' | 'steps' | 'verdict'>

/**
 * How long the steps of an attempt took, in milliseconds; undefined before its start. When the host ended the job, the
 * host's own measure counts: the server may have been down, and received the end minutes later.
 */
export function attemptMilliseconds({ startedAt, finishedAt, steps, verdict }: Timed, at: Date): number | undefined {
  if (startedAt === null) return undefined
  const measuredByHost = finishedAt !== null && verdict !== 'lost' && steps.length > 0
  return measuredByHost ? stepMilliseconds(steps) : (finishedAt ?? at).getTime() - startedAt.getTime()
}

export const stepMilliseconds = (steps: Timed['steps']): number =>
  steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0)

/** The bytes of a log from `offset` on arrived at `at` (milliseconds since the epoch), or later. */
interface LogTime {
  offset: number
  at: number
}

/** A running job sends log bytes every 2 s while somebody views its log. Readers need no finer times than this. */
export const timeEveryMs = 5_000

/**
 * The times of a log, from its first byte on. The farm does not store the time of bytes that arrived within five seconds
 * of the start, so that a short job needs no file for its times. A log without stored times has the time of the start if
 * its attempt was short; otherwise an older farm stored the log, and its times are unknown.
 */
export function completeTimes(
  times: readonly LogTime[],
  { startedAt, endedAt }: { startedAt: Date | null; endedAt: Date },
): LogTime[] {
  if (startedAt === null || times[0]?.offset === 0) return [...times]
  const isShort = endedAt.getTime() - startedAt.getTime() <= 2 * timeEveryMs
  return times.length > 0 || isShort ? [{ offset: 0, at: startedAt.getTime() }, ...times] : []
}

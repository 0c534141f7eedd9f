export interface Load {
  /** The number of jobs that the host runs at the same time. */
  slots: number
  /** The expected ends of the jobs that the host runs now; null if the farm does not know one. */
  running: readonly (Date | null)[]
  /** The expected durations of the waiting jobs, in the order in which the host takes them. */
  waiting: readonly { expectedMs: number | null }[]
}

/**
 * When the host starts each of its waiting jobs. If the farm does not know how long a job takes, it does not know when
 * the slot of this job is free again. Null if no slot has a known time.
 */
export function startTimes({ slots, running, waiting }: Load, at: Date): (Date | null)[] {
  const now = at.getTime()
  const free = [
    ...running.map(end => (end === null ? Number.POSITIVE_INFINITY : Math.max(now, end.getTime()))),
    ...Array.from({ length: Math.max(0, slots - running.length) }, () => now),
  ]
  return waiting.map(({ expectedMs }) => {
    const start = Math.min(...free)
    if (start === Number.POSITIVE_INFINITY) return null // also if the host has no slots
    free[free.indexOf(start)] = expectedMs === null ? Number.POSITIVE_INFINITY : start + expectedMs
    return new Date(start)
  })
}

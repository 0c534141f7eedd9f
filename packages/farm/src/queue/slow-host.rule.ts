/** On a slow host, waiting builds of the same cell and branch are coalesced unless farm.yaml says otherwise. */
export const slowMinutes = 30

/** The farm keeps the durations of this many newest results of each host. */
export const recentJobsMax = 21
/** With fewer results than these, the farm does not know how long the jobs of a host take. */
const recentJobsMin = 3

/** The median duration of the newest results of a host, in milliseconds; null if the host has too few results. */
export function usualJobMs(recent: readonly number[]): number | null {
  if (recent.length < recentJobsMin) return null
  const sorted = recent.toSorted((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}

export const isSlow = (usualMs: number | null): boolean => usualMs !== null && usualMs > slowMinutes * 60_000

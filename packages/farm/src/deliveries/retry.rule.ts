/** Seconds between two tries: first seconds, then minutes, then hours. The last value repeats. */
const waitsSeconds = [2, 5, 10, 30, 60, 120, 300, 600, 1200, 3600, 7200, 14_400]

/** After this time, a repository that does not answer counts as broken. */
export const unreachableSecondsMax = 86_400
/**
 * After this time, a commit that the repository does not have counts as missing. A forge can send a webhook before its
 * git servers have the commit.
 */
export const absentSecondsMax = 1200

export interface FailedTry {
  /** How many tries there were, with this one. */
  tries: number
  /** Since when the farm tries, in seconds. */
  sinceSeconds: number
  /** The repository answers, but does not have the commit. */
  absent: boolean
}

/** How many seconds the farm waits before it tries again; undefined if it gives up. */
export function nextTrySeconds({ tries, sinceSeconds, absent }: FailedTry): number | undefined {
  const wait = waitsSeconds[Math.min(tries, waitsSeconds.length) - 1] ?? 2
  return sinceSeconds + wait > (absent ? absentSecondsMax : unreachableSecondsMax) ? undefined : wait
}

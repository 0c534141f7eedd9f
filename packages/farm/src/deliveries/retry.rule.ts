/** Seconds between two tries: first seconds, then minutes, then hours. The last value repeats. */
const waitsSeconds = [2, 5, 10, 30, 60, 120, 300, 600, 1200, 3600, 7200, 14_400]

/** After this time, a repository that does not answer counts as broken. */
export const unreachableSecondsMax = 86_400
/**
 * After this time, a commit that the repository does not have counts as missing. A forge can send a webhook before its
 * git servers have the commit.
 */
export const absentSecondsMax = 1200

/** The bucket is the farm's own, and a failed try costs one short request, so no build waits long after the bucket has come back. */
const storageWaitSecondsMax = 30

export interface FailedTry {
  /** How many tries there were, with this one. */
  tries: number
  /** Since when the farm tries, in seconds. */
  sinceSeconds: number
  /** The repository answers, but does not have the commit. */
  absent: boolean
  /** The bucket of the farm does not answer. */
  storageAway?: boolean | undefined
}

/** How many seconds the farm waits before it tries again; undefined if it gives up. */
export function nextTrySeconds({ tries, sinceSeconds, absent, storageAway }: FailedTry): number | undefined {
  const usual = waitsSeconds[Math.min(tries, waitsSeconds.length) - 1] ?? 2
  const wait = storageAway ? Math.min(usual, storageWaitSecondsMax) : usual
  return sinceSeconds + wait > (absent ? absentSecondsMax : unreachableSecondsMax) ? undefined : wait
}

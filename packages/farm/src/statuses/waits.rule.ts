/** Seconds between two tries; the last value repeats. */
const waitsSeconds = [5, 15, 60, 300, 900, 1800, 3600]
/** After this time without success, the farm gives up. */
const patienceSeconds = 24 * 3600

/** When the farm tries again after this many tries; undefined if it gives up. */
export function nextTry(tries: number, wantedAt: Date, now: Date): Date | undefined {
  const seconds = waitsSeconds[Math.min(Math.max(tries, 1), waitsSeconds.length) - 1] as number
  const next = new Date(now.getTime() + seconds * 1000)
  return next.getTime() - wantedAt.getTime() > patienceSeconds * 1000 ? undefined : next
}

/** A request that has no outcome after this time counts as lost. A request takes at most 15 s, and an app needs three. */
export const leaseSeconds = 60
/**
 * The pause between two requests to an API. GitHub asks for one second between requests that change data:
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
export const pauseSeconds = 1

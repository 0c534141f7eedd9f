/** Until then, no other server looks at a repository. The look may fetch the new commits of large branches. */
export const lookSecondsMax = 900
/** After this many failed looks, the farm waits this long: 1, 2, 4 … minutes, at most an hour. */
const firstWaitSeconds = 60
const waitSecondsMax = 3600
/** An interval becomes longer or shorter by at most this part, so that the looks of many repositories spread. */
const jitter = 0.1

/**
 * When the farm looks at a repository again; undefined if it looks at the next start. `failures` is the number of failed
 * looks in a row, and `random` is from 0 to 1.
 */
export function nextLook(
  { everySeconds, failures }: { everySeconds: number | null; failures: number },
  at: Date,
  random: number,
): Date | undefined {
  if (everySeconds === null && failures === 0) return undefined
  return later(at, spread(failures === 0 ? (everySeconds ?? 0) : waitOf(everySeconds, failures), random))
}

/** A failed look waits at least as long as the interval, unless the interval is longer than the longest wait. */
function waitOf(everySeconds: number | null, failures: number): number {
  const first = Math.max(firstWaitSeconds, everySeconds ?? 0)
  return Math.min(first * 2 ** Math.min(failures - 1, 20), Math.max(waitSecondsMax, everySeconds ?? 0))
}

const spread = (seconds: number, random: number): number => seconds * (1 - jitter + 2 * jitter * random)

const later = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000)

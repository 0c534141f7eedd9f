/**
 * Whether the farm stores one more refused delivery. Anybody can send such a delivery, so the farm stores at most 60
 * in the minute after the first; it answers the others without a trace.
 */
export function openRefusals(perMinuteMax = 60, now: () => number = Date.now): () => boolean {
  let since = Number.NEGATIVE_INFINITY
  let stored = 0
  return () => {
    const current = now()
    // A clock that was set back begins a new minute, too.
    if (current - since >= 60_000 || current < since) [since, stored] = [current, 0]
    stored += 1
    return stored <= perMinuteMax
  }
}

/**
 * Whether the farm stores one more refused delivery. Anybody can send such a delivery, so the farm stores at most 60
 * a minute; it answers the others without a trace.
 */
export function openRefusals(perMinuteMax = 60, now: () => number = Date.now): () => boolean {
  let minute = 0
  let stored = 0
  return () => {
    const current = Math.floor(now() / 60_000)
    if (current !== minute) [minute, stored] = [current, 0]
    stored += 1
    return stored <= perMinuteMax
  }
}

import type { NotifyTarget } from '@rumpfarm/contracts'

/**
 * Replaces each `$NOTIFY_NAME` of a channel by the value of this variable of the server. The result is only for sending:
 * no page, log or error may contain it.
 */
export function resolveTarget(
  target: NotifyTarget,
  secrets: ReadonlyMap<string, string>,
): NotifyTarget | { problem: string } {
  const missing: string[] = []
  const resolved = Object.entries(target).map(([key, value]) => {
    if (typeof value !== 'string' || !/^\$NOTIFY_[A-Z0-9_]+$/.test(value)) return [key, value]
    const secret = secrets.get(value.slice(1))
    if (secret === undefined) missing.push(value.slice(1))
    return [key, secret]
  })
  if (missing.length > 0) return { problem: `the server's variable ${missing.join(', ')} is not set` }
  return Object.fromEntries(resolved)
}

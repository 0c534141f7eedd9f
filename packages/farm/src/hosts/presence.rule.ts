export type Presence = 'online' | 'away' | 'silent' | 'paused'

/**
 * A host that polls sends a message every 50 s at least, and a host that builds every 30 s. Its owner gets an alert within two
 * minutes: this time, and the intervals of the tasks that check for silence (5 s) and send alerts (5 s).
 */
export const silentSecondsDefault = 105

export function presence(host: {
  lastSeenAt: Date
  silentSince: Date | null
  awaySince: Date | null
  pausedAt: Date | null
}): Presence {
  if (host.awaySince) return 'away'
  // It may have sent a message since then that the silence check has not recorded yet.
  if (host.silentSince && host.lastSeenAt <= host.silentSince) return 'silent'
  return host.pausedAt ? 'paused' : 'online'
}

/** One line with the system of a host, from its facts. */
export function systemLine(facts: Record<string, unknown>): string {
  const field = (name: string) => (typeof facts[name] === 'string' ? facts[name] : '')
  return [field('uname_s'), field('uname_r'), field('uname_m')].filter(Boolean).join(' ')
}

export type Presence = 'online' | 'away' | 'silent' | 'paused'

/**
 * An idle host sends a message at least every 50 s. A host with a job sends a message at least every 30 s. The owner of
 * a silent host gets an alert within two minutes: after this time, plus the intervals of the two tasks that check for
 * silence (5 s) and send alerts (5 s).
 */
export const silentSecondsDefault = 105

export function presence(host: {
  lastSeenAt: Date
  silentSince: Date | null
  awaySince: Date | null
  pausedAt: Date | null
}): Presence {
  if (host.awaySince) return 'away'
  // The host may have sent a message that the silence check has not seen yet.
  if (host.silentSince && host.lastSeenAt <= host.silentSince) return 'silent'
  return host.pausedAt ? 'paused' : 'online'
}

/** The system of a host as one line of text, from the host's facts. */
export function systemLine(facts: Record<string, unknown>): string {
  const field = (name: string) => (typeof facts[name] === 'string' ? facts[name] : '')
  return [field('uname_s'), field('uname_r'), field('uname_m')].filter(Boolean).join(' ')
}

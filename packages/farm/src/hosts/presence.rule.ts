export type Presence = 'online' | 'away' | 'silent' | 'paused'

/**
 * A host that polls is heard every 50 s at least, one that builds every 30 s. Its owner is to hear of its silence within two
 * minutes: this, and the rounds of those who notice it and of those who tell it.
 */
export const silentSecondsDefault = 105

export function presence(host: {
  lastSeenAt: Date
  silentSince: Date | null
  awaySince: Date | null
  pausedAt: Date | null
}): Presence {
  if (host.awaySince) return 'away'
  // It may have been heard since, and nobody has noted that yet.
  if (host.silentSince && host.lastSeenAt <= host.silentSince) return 'silent'
  return host.pausedAt ? 'paused' : 'online'
}

/** One line about what a host is, from what it said of itself. */
export function systemLine(facts: Record<string, unknown>): string {
  const field = (name: string) => (typeof facts[name] === 'string' ? facts[name] : '')
  return [field('uname_s'), field('uname_r'), field('uname_m')].filter(Boolean).join(' ')
}

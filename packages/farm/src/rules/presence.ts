export type Presence = 'online' | 'away' | 'silent' | 'paused'

/** A host that polls is heard every 50 s at least, one that builds every third of a lease; the owner hears of silence within 2 minutes. */
export const silentAfterSeconds = 120

export function presence(
  host: { lastSeenAt: Date; awaySince: Date | null; pausedAt: Date | null },
  at: Date,
): Presence {
  if (host.awaySince) return 'away'
  if (at.getTime() - host.lastSeenAt.getTime() > silentAfterSeconds * 1000) return 'silent'
  return host.pausedAt ? 'paused' : 'online'
}

/** One line about what a host is, from what it said of itself. */
export function systemLine(facts: Record<string, unknown>): string {
  const field = (name: string) => (typeof facts[name] === 'string' ? facts[name] : '')
  return [field('uname_s'), field('uname_r'), field('uname_m')].filter(Boolean).join(' ')
}

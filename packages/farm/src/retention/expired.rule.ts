/** Data that the farm has deleted because of `keep` in farm.yaml. */
export interface Expired {
  at: Date
  /** How long the project keeps such data now. Null if it keeps them since then, or has left the farm. */
  keptDays: number | null
}

/** A sentence without a full stop, such as `the log expired on 2026-11-30 (kept 90 days)`. */
export function expiredWords(what: string, { at, keptDays }: Expired): string {
  const kept = keptDays === null ? '' : ` (kept ${keptDays} ${keptDays === 1 ? 'day' : 'days'})`
  return `${what} expired on ${at.toISOString().slice(0, 10)}${kept}`
}

/** The times in a row of `Job`. */
export interface ExpiryTimes {
  logExpiredAt: Date | null
  artifactsExpiredAt: Date | null
}

/** Whether the files of an attempt are among those that the farm deleted. An attempt that ended later has its own files. */
export const hasExpired = (expiredAt: Date | null, finishedAt: Date | null): expiredAt is Date =>
  expiredAt !== null && finishedAt !== null && finishedAt <= expiredAt

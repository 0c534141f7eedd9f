/** How much the primary had written, and whether the replica had that amount, in PostgreSQL's log positions. */
export interface Look {
  /** In milliseconds of any clock. */
  at: number
  /** The position of the primary at this time. */
  primary: string
}

/** The replica may be behind by about this time. */
export const lateMsMax = 5_000

/**
 * The position of the primary that a usable replica must have reached now: that of an earlier look. After a pause there
 * is no earlier look of use, so the replica must have everything.
 */
export const neededPosition = (now: Look, before: Look | undefined): string =>
  before !== undefined && now.at - before.at <= lateMsMax ? before.primary : now.primary

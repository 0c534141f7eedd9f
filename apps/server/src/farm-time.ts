let source = () => Date.now()

/**
 * The time of the farm, in milliseconds since the epoch. All servers of a farm agree about it, even if the clock of a
 * machine is wrong. Use it for times that another server or the database compares, and for ages on pages.
 */
export const farmTime = (): number => source()

/** The times of two servers differ by less than this, unless the database answers very slowly. */
export const skewMsMax = 250

/** Uses this clock from now on. The server calls it once when it starts; a test without a server has the machine's time. */
export function followClock(now: () => Date): void {
  source = () => now().getTime()
}

import { knownMoment } from './known-moment.ts'

/** The most time over which many browsers spread their loads of a page after the same event. */
const spreadMsMax = 5_000

/**
 * The data of an event after which each browser loads a page: the milliseconds over which the browsers spread these
 * loads, and the moment of the event. One browser loads at once. Many browsers at once would keep the server busy for so
 * long that others wait.
 */
export const loadAgain = (browsers: number, msEach = 1): string =>
  `${Math.min(spreadMsMax, Math.round((browsers - 1) * msEach))} ${knownMoment()}`

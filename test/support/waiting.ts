import { setTimeout as sleep } from 'node:timers/promises'

/** A machine with two busy cores needs up to 60 s for work that takes 1 s on an idle machine. */
export const patienceMs = 120_000
/** The pauses between two calls grow, so that a long wait does not keep the server busy. */
const pauseMs = { first: 25, last: 250, growth: 1.3 }

/**
 * Returns the first result of `look` that is not undefined. Fails after `milliseconds`. If there is an event, wait for
 * the event instead.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  milliseconds = patienceMs,
): Promise<T> {
  const until = Date.now() + milliseconds
  for (let pause = pauseMs.first; ; pause = Math.min(pause * pauseMs.growth, pauseMs.last)) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (Date.now() > until) throw new Error(`waited ${milliseconds} ms without success for: ${what}`)
    await sleep(pause)
  }
}

import { setTimeout as sleep } from 'node:timers/promises'

/** Long enough for a busy machine of two cores; a test that waits this long has failed. */
const patienceMs = 30_000
const lookEveryMs = 50

/** The first answer of `look` that is not undefined. For what announces itself nowhere; it fails when it takes too long. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  milliseconds = patienceMs,
  everyMs = lookEveryMs,
): Promise<T> {
  const until = Date.now() + milliseconds
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (Date.now() > until) throw new Error(`waited ${milliseconds} ms in vain for: ${what}`)
    await sleep(everyMs)
  }
}

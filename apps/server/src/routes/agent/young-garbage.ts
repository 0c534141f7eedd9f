import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Log bytes lie outside of V8's heap, and V8 frees them when it collects the young part of the heap. But a chunk's request
 * fills so little of that (4 KB) that 64 MB of dead chunks come first, and to those V8 answers with a collection of the
 * whole heap, one after each 50 MB: half of what a megabyte of log cost (11 ms, now 5.6), and answers that took 40-90 ms.
 * A young collection takes 1-2 ms. (`--max-semi-space-size=4` has the same effect, and makes every page a third dearer.)
 */
const collectEveryBytes = 16_000_000

let received = 0

/** Tells how many log bytes came. */
export function noteReceived(bytes: number): void {
  received += bytes
  if (received < collectEveryBytes) return
  received = 0
  collect({ type: 'minor' })
}

const collect = exposedCollector()

function exposedCollector(): (how: { type: 'minor' }) => void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return gc
}

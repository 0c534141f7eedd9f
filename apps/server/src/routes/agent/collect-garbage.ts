import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * The bytes of a log lie outside of V8's heap. V8 frees them when it collects the young generation, but a request for a
 * chunk uses only 4 KB of that. So 64 MB of unused chunks gather first, and then V8 collects the whole heap after each
 * further 50 MB. That was half of the cost of a megabyte of log (11 ms, now 5.6), and some answers took 40-90 ms. A
 * collection of the young generation takes 1-2 ms. (`--max-semi-space-size=4` has the same effect, but makes every page
 * a third more expensive.)
 */
const collectEveryBytes = 16_000_000

let received = 0

/** Call it with the size of each received body. */
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

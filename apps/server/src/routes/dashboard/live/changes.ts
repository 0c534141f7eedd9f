import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../../../events/bus.ts'
import { topics } from '../../../events/bus.ts'
import type { EventStream } from './stream.ts'
import { WakeUp } from './wake-up.ts'

// At the start of a build, a farm of 60 hosts changes several times a second. One update a second is enough for a
// reader.
const pauseMs = 1_000
// If a wake-up is lost, the page is out of date for this time at most.
const refreshMs = 60_000

/** Stores the time of the newest change of the pages. A server knows only the changes whose events it has received. */
export class Changes {
  readonly #bus: Bus
  readonly #unsubscribe: () => void
  #last = Date.now() // this server did not receive earlier changes

  constructor(bus: Bus) {
    this.#bus = bus
    this.#unsubscribe = bus.subscribe(topics.matrix, () => {
      this.#last = Date.now()
    })
  }

  /**
   * Sends an event to a page for each change after `since`, the time when the page was rendered. The page then loads
   * itself again.
   */
  async follow(stream: EventStream, since: number): Promise<void> {
    const wakeUp = new WakeUp()
    const unsubscribe = this.#bus.subscribe(topics.matrix, () => wakeUp.wake())
    if (this.#last >= since) wakeUp.wake() // a change since the page was rendered
    try {
      while (!stream.closed.aborted) {
        await wakeUp.wait(refreshMs, stream.closed)
        await stream.send({ event: 'changed', data: '' })
        await sleep(pauseMs, undefined, { signal: stream.closed }).catch(() => {}) // a closed stream ends the loop
      }
    } finally {
      unsubscribe()
    }
  }

  close(): void {
    this.#unsubscribe()
  }
}

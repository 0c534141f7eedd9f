import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../../../events/bus.ts'
import { topics } from '../../../events/bus.ts'
import { Alarm } from './alarm.ts'
import type { EventStream } from './stream.ts'

// A farm of 60 hosts changes several times a second while a build starts; nobody reads faster than this.
const pauseMs = 1_000
// A lost wake-up must not leave a page stale for good.
const atLatestMs = 60_000

/** When something that pages show changed last, as far as this server has heard. */
export class Changes {
  readonly #bus: Bus
  readonly #unsubscribe: () => void
  #last = Date.now() // what was before this server started it cannot know

  constructor(bus: Bus) {
    this.#bus = bus
    this.#unsubscribe = bus.subscribe(topics.matrix, () => {
      this.#last = Date.now()
    })
  }

  /** Tells a page drawn at `since` whenever what it shows has changed; it then loads itself again. */
  async follow(stream: EventStream, since: number): Promise<void> {
    const alarm = new Alarm()
    const unsubscribe = this.#bus.subscribe(topics.matrix, () => alarm.ring())
    if (this.#last >= since) alarm.ring() // between the drawing of the page and now
    try {
      while (!stream.closed.aborted) {
        await alarm.wait(atLatestMs, stream.closed)
        await stream.send({ event: 'changed', data: '' })
        await sleep(pauseMs, undefined, { signal: stream.closed }).catch(() => {}) // closed: the loop ends
      }
    } finally {
      unsubscribe()
    }
  }

  close(): void {
    this.#unsubscribe()
  }
}

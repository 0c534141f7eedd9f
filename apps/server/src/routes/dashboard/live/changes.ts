import type { Bus } from '../../../events/bus.ts'
import { topics } from '../../../events/bus.ts'
import { farmTime, skewMsMax } from '../../../farm-time.ts'
import { loadAgain } from './load-again.ts'
import { encodeEvents } from './server-event.ts'
import type { EventStream } from './stream.ts'

// At the start of a build, a farm of 60 hosts changes several times a second. One update a second is enough for a
// reader.
const pauseMs = 1_000
// If a wake-up is lost, the page is out of date for this time at most.
const refreshMs = 60_000

/**
 * Tells the open pages that the farm has changed. All pages get an event at the same time, at most once a second, so that
 * they can share the page that the server makes then. A server knows only the changes whose events it has received.
 */
export class Changes {
  readonly #unsubscribe: () => void
  readonly #streams = new Set<EventStream>()
  readonly #behind = new Set<EventStream>()
  #last = farmTime() // this server did not receive earlier changes
  #timer: NodeJS.Timeout | undefined
  /** True while the timer ends a pause, and false while it waits for a lost wake-up. */
  #pausing = false
  #changed = false

  constructor(bus: Bus) {
    this.#unsubscribe = bus.subscribe(topics.matrix, () => this.#change())
  }

  /**
   * Sends an event to a page for each change after `since`, the time when the page was rendered, perhaps by another server.
   * The page then loads itself again.
   */
  async follow(stream: EventStream, since: number): Promise<void> {
    if (stream.closed.aborted) return
    this.#streams.add(stream)
    if (this.#last >= since - skewMsMax) this.#send(stream) // a change since the page was rendered
    if (!this.#timer) this.#start(refreshMs)
    await new Promise<void>(resolve => {
      stream.closed.addEventListener('abort', () => resolve(), { once: true })
    })
    this.#streams.delete(stream)
    if (this.#streams.size === 0) this.#stop()
  }

  close(): void {
    this.#unsubscribe()
    this.#stop()
  }

  #change(): void {
    this.#last = farmTime()
    if (this.#streams.size === 0) return
    this.#changed = true
    if (!this.#pausing) this.#announce()
  }

  #announce(): void {
    this.#changed = false
    const bytes = this.#event()
    for (const stream of this.#streams) this.#send(stream, bytes)
    this.#pausing = true
    this.#start(pauseMs)
  }

  #start(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#elapsed(), ms)
  }

  #elapsed(): void {
    const pausing = this.#pausing
    this.#pausing = false
    if (pausing && !this.#changed) this.#start(refreshMs)
    else this.#announce()
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pausing = false
  }

  #event(): Buffer {
    return encodeEvents([{ event: 'changed', data: loadAgain(this.#streams.size) }])
  }

  /** A browser that has not received everything gets one event for all changes, when it has. */
  #send(stream: EventStream, bytes = this.#event()): void {
    if (!stream.isBehind) return void stream.write(bytes)
    if (this.#behind.has(stream)) return
    this.#behind.add(stream)
    void stream.drained().then(() => {
      this.#behind.delete(stream)
      if (this.#streams.has(stream)) this.#send(stream)
    })
  }
}

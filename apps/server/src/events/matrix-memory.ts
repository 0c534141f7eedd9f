import { setTimeout as sleep } from 'node:timers/promises'
import { asReader, readerSignal } from '@rumpfarm/farm'
import { farmTime } from '../farm-time.ts'
import { type Bus, topics } from './bus.ts'

/** A remembered value is never older than this, because a message of the bus can be lost, and because time passes. */
const oldestMs = 1_000
/** At most this many values. The oldest is dropped first. */
const entriesMax = 32

interface Entry<Value> {
  began: number
  /** Whether the matrix has changed since. */
  outdated: boolean
  since: number
  value: Promise<Value>
  /** How long it took to make the value, in milliseconds. Undefined while it is not ready. */
  tookMs: number | undefined
  /** The value that will replace this one. */
  next: Entry<Value> | undefined
  /** The requests that wait for the value and have not left. */
  readers: number
  /** Ends the queries when all readers have left. */
  gone: AbortController
}

/** How old a remembered value may be. */
export interface Freshness {
  /** A value that the memory began to make at or after this time of `performance.now` counts, even if it is outdated. */
  from: number
  /** The events before `from` may not have arrived yet. So no earlier value counts, and the memory waits until `from`. */
  eventsAreLate?: boolean
}

/** Only a value that is not outdated. */
const newest: Freshness = { from: Infinity }

export interface Remembered<Value> {
  value: Value
  /** The time before the farm was asked, in milliseconds since the epoch. Changes after this time can be missing. */
  since: number
}

/**
 * Remembers values that depend only on the content of the matrix and on their key (docs/decisions/0024). A change of the
 * matrix makes all values outdated, also those that are not ready. So a request after an event never gets an older value,
 * unless it accepts one. Requests at the same time share one value.
 */
export class MatrixMemory<Value> {
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #unsubscribe: () => void

  constructor(bus: Bus) {
    this.#unsubscribe = bus.subscribe(topics.matrix, () => {
      for (const entry of this.#entries.values()) {
        entry.outdated = true
        if (entry.next) entry.next.outdated = true
      }
    })
  }

  /**
   * Returns the remembered value of the key, or the result of `make`. The key must contain everything of the request
   * that `make` uses. A failure is not remembered, but the requests that already wait share it. When all of them have
   * left, the queries of `make` end.
   *
   * If the value is soon too old, the memory makes the next one, and the request does not wait for it. Then `make` gets
   * the freshness that the next value needs of other memories.
   */
  async get(key: string, make: (next?: Freshness) => Promise<Value>, wanted = newest): Promise<Remembered<Value>> {
    if (wanted.eventsAreLate) await waitUntil(wanted.from) // otherwise each reader would make a value of its own
    const entry = this.#fresh(key, wanted) ?? this.#store(key, this.#begin(make))
    if (isSoonTooOld(entry)) this.#makeNext(key, entry, make)
    entry.readers++
    const leave = () => this.#leave(key, entry)
    const reader = readerSignal()
    reader?.addEventListener('abort', leave)
    try {
      return { value: await entry.value, since: entry.since }
    } catch (error) {
      this.#forget(key, entry)
      throw error
    } finally {
      reader?.removeEventListener('abort', leave) // a reader that leaves later ends nothing
    }
  }

  close(): void {
    this.#unsubscribe()
  }

  #fresh(key: string, { from, eventsAreLate }: Freshness): Entry<Value> | undefined {
    const isFresh = ({ began, outdated }: Entry<Value>) =>
      performance.now() - began < oldestMs && (began >= from || !(outdated || eventsAreLate))
    const entry = this.#entries.get(key)
    if (!entry || isFresh(entry)) return entry
    return entry.next && isFresh(entry.next) ? this.#store(key, entry.next) : undefined
  }

  #begin(make: () => Promise<Value>): Entry<Value> {
    const gone = new AbortController()
    const began = performance.now()
    const since = farmTime()
    const value = asReader('shared results', gone.signal, make)
    const entry: Entry<Value> = {
      ...{ began, outdated: false, since, value, readers: 0, gone },
      ...{ tookMs: undefined, next: undefined },
    }
    const ready = () => {
      entry.tookMs = performance.now() - began
    }
    value.then(ready, () => {})
    return entry
  }

  #makeNext(key: string, entry: Entry<Value>, make: (next: Freshness) => Promise<Value>): void {
    const next = this.#begin(() => make({ from: performance.now(), eventsAreLate: true }))
    entry.next = next
    const replace = () => {
      if (this.#entries.get(key) === entry) this.#store(key, next)
    }
    const giveUp = () => {
      entry.next = undefined
      entry.tookMs = undefined // so that the next request after the second tries again, and none before
    }
    next.value.then(replace, giveUp)
  }

  #store(key: string, entry: Entry<Value>): Entry<Value> {
    this.#entries.delete(key) // so that the map is in the order of the times
    this.#entries.set(key, entry)
    for (const [other, { began: time }] of this.#entries) {
      if (this.#entries.size <= entriesMax && performance.now() - time < oldestMs) break
      this.#entries.delete(other)
    }
    return entry
  }

  #leave(key: string, entry: Entry<Value>): void {
    entry.readers--
    if (entry.readers > 0) return
    this.#forget(key, entry)
    entry.gone.abort()
  }

  #forget(key: string, entry: Entry<Value>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }
}

/**
 * True if it is time to make the next value, so that it is ready in time even on a busy machine. At the earliest after half
 * of the time, so that a slow value does not double its cost.
 */
const isSoonTooOld = ({ began, outdated, tookMs, next }: Entry<unknown>): boolean =>
  tookMs !== undefined &&
  next === undefined &&
  !outdated &&
  performance.now() - began >= Math.max(oldestMs / 2, oldestMs - 3 * tookMs)

/** A timer can end a millisecond early. */
async function waitUntil(time: number): Promise<void> {
  const milliseconds = time - performance.now()
  if (milliseconds > 0) await sleep(Math.ceil(milliseconds) + 1)
}

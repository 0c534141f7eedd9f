import { type AttemptId, attemptName } from '@rumpfarm/contracts'

/** What the hot path (a log chunk, a heartbeat) must know of an attempt without asking the database each time. */
export interface Running extends AttemptId {
  hostId: number
  buildId: number
  projectName: string
  lease: string
  /** Until when nobody else can have it: the cache is safe that long, since only an expired lease changes hands. */
  leaseUntil: number
  cancel: string | null
  logBytesMax: number
  /** Milliseconds since the epoch; the agent keeps the limit itself, this is for an agent that does not. */
  wallUntil: number
  stepNames: string[]
  /** The steps as last stored, in wire form. */
  steps: string
  started: boolean
}

const cachedMax = 5_000

/** Attempts whose hosts talk to this process, least recently used first. */
export class RunningCache {
  readonly #entries = new Map<string, Running>()

  get(name: string): Running | undefined {
    const entry = this.#entries.get(name)
    if (entry) {
      this.#entries.delete(name)
      this.#entries.set(name, entry)
    }
    return entry
  }

  set(entry: Running): void {
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= cachedMax && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(attemptName(entry), entry)
  }

  forget(name: string): void {
    this.#entries.delete(name)
  }
}

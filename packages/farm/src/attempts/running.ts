import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Recipe } from '../builds/plan.rule.ts'
import type { PreparedSource } from '../builds/sources.ts'
import { later } from '../clock.ts'

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
  /** Of all artifacts together; 0 if the recipe names none. */
  artifactBytesMax: number
  /** Milliseconds since the epoch; the agent keeps the limit itself, this is for an agent that does not. */
  wallUntil: number
  stepNames: string[]
  sources: PreparedSource[]
  /** The steps as last stored, in wire form. */
  steps: string
  started: boolean
}

// The agent ends a job at its wall limit; the farm's word comes this much later, for an agent whose clock stands still.
const wallMarginSeconds = 60

/** What the recipe says of an attempt that was leased then. */
export const limitsOf = ({ limits, steps, artifacts = [] }: Recipe, leasedAt: Date) => ({
  logBytesMax: limits.logBytes,
  artifactBytesMax: artifacts.length > 0 ? limits.artifactBytes : 0,
  wallUntil: later(leasedAt, limits.wallSeconds + wallMarginSeconds).getTime(),
  stepNames: steps.map(step => step.name),
})

const cachedMax = 5_000
const forgottenMax = 1_000

/** Attempts whose hosts talk to this process, least recently used first. */
export class RunningCache {
  readonly #entries = new Map<string, Running>()
  /** When each was forgotten, counted in words that were heard; the last ones. */
  readonly #forgotten = new Map<string, number>()
  #words = 0

  /** To be noted before the database is asked: `set` then knows what was said while the answer was on its way. */
  get moment(): number {
    return this.#words
  }

  get(name: string): Running | undefined {
    const entry = this.#entries.get(name)
    if (entry) {
      this.#entries.delete(name)
      this.#entries.set(name, entry)
    }
    return entry
  }

  /** The attempt, if this host holds it with this lease and nobody else can have got it since. */
  held(attempt: AttemptId, { hostId, lease, at }: { hostId: number; lease: string; at: Date }): Running | undefined {
    const entry = this.get(attemptName(attempt))
    const holds = entry?.hostId === hostId && entry.lease === lease && entry.leaseUntil > at.getTime()
    return holds ? entry : undefined
  }

  /** `since`: what was read is not remembered if the attempt was revoked, by whichever server, after that moment. */
  set(entry: Running, since: number): void {
    if ((this.#forgotten.get(attemptName(entry)) ?? 0) > since) return
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= cachedMax && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(attemptName(entry), entry)
  }

  forget(name: string): void {
    this.#entries.delete(name)
    this.#forgotten.delete(name)
    this.#forgotten.set(name, ++this.#words)
    const [oldest] = this.#forgotten.keys()
    if (this.#forgotten.size > forgottenMax && oldest !== undefined) this.#forgotten.delete(oldest)
  }
}

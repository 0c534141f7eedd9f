import { type AttemptId, attemptName, type StepEnd } from '@rumpfarm/contracts'
import { type Recipe, uploadsOf } from '../builds/plan.rule.ts'
import type { PreparedSource } from '../builds/prepared-source.ts'
import { later } from '../clock.ts'
import { resultPatternsOf } from './artifact-room.rule.ts'

/** What the messages of an attempt need from its recipe. */
export interface RecipeFacts {
  logBytesMax: number
  /** The limit for all artifacts together; 0 if the recipe names no artifacts. */
  artifactBytesMax: number
  /** The patterns of the files with test results. */
  resultPatterns: string[]
  /** Whether the recipe names test results, in files or in the log. */
  hasTestResults: boolean
  stepNames: string[]
}

/** The data of an attempt that every log chunk and heartbeat needs. RunningCache keeps them, to save a query. */
export interface RunningAttempt extends AttemptId, RecipeFacts {
  hostId: number
  buildId: number
  projectName: string
  lease: string
  /**
   * Milliseconds since the epoch. The entry is valid until this time. After this time, another server may have ended
   * the attempt because its lease expired.
   */
  leaseUntil: number
  cancel: string | null
  /** Milliseconds since the epoch. The agent enforces the time limit; the farm enforces it if the agent does not. */
  wallUntil: number
  sources: PreparedSource[]
  /** The ended steps that the farm stored last. */
  steps: StepEnd[]
  started: boolean
  /**
   * When the attempt started, or when the farm last recorded the arrival of log bytes, in milliseconds since the epoch.
   * Undefined if another process did both.
   */
  timedAt?: number
}

// The agent ends a job at its time limit. If the agent's clock has stopped, the farm requests the end of the job this
// many seconds after the time limit.
const wallMarginSeconds = 60

export const factsOf = ({ limits, steps, ...recipe }: Recipe): RecipeFacts => ({
  logBytesMax: limits.logBytes,
  artifactBytesMax: uploadsOf(recipe).length > 0 ? limits.artifactBytes : 0,
  resultPatterns: resultPatternsOf(recipe),
  hasTestResults: recipe.results !== undefined,
  stepNames: steps.map(step => step.name),
})

/** The limits and steps of an attempt, from its recipe. */
export const limitsOf = (recipe: Recipe, leasedAt: Date) => ({
  ...factsOf(recipe),
  wallUntil: later(leasedAt, recipe.limits.wallSeconds + wallMarginSeconds).getTime(),
})

const cachedMax = 5_000
const invalidationsMax = 1_000

/**
 * The attempts whose hosts send messages to this process. A full cache drops the least recently used attempt. The
 * package lru-cache is no help, because most of this class handles the sequence numbers of invalidations, which
 * lru-cache does not have.
 */
export class RunningCache {
  readonly #entries = new Map<string, RunningAttempt>()
  /** The sequence number at which each attempt was invalidated, for the last `invalidationsMax` attempts. */
  readonly #invalidated = new Map<string, number>()
  #sequence = 0

  /** The number of the last invalidation. Read it before a query whose result goes to `set`. */
  get sequence(): number {
    return this.#sequence
  }

  get(name: string): RunningAttempt | undefined {
    const entry = this.#entries.get(name)
    if (entry) put(this.#entries, name, entry)
    return entry
  }

  /** The attempt, if this host holds it with this lease and the lease has not expired. */
  held(
    attempt: AttemptId,
    { hostId, lease, at }: { hostId: number; lease: string; at: Date },
  ): RunningAttempt | undefined {
    const entry = this.get(attemptName(attempt))
    const holds = entry?.hostId === hostId && entry.lease === lease && entry.leaseUntil > at.getTime()
    return holds ? entry : undefined
  }

  /** Adds the entry, unless a server invalidated the attempt after the query began (`sequence`). */
  set(entry: RunningAttempt, sequence: number): void {
    const name = attemptName(entry)
    if ((this.#invalidated.get(name) ?? 0) > sequence) return
    put(this.#entries, name, entry)
    dropOldest(this.#entries, cachedMax)
  }

  invalidate(name: string): void {
    this.#entries.delete(name)
    put(this.#invalidated, name, ++this.#sequence)
    dropOldest(this.#invalidated, invalidationsMax)
  }
}

/** Adds the entry as the newest. Deletes the key first, because a Map keeps the order in which its keys were added. */
function put<Value>(map: Map<string, Value>, name: string, value: Value): void {
  map.delete(name)
  map.set(name, value)
}

function dropOldest(map: Map<string, unknown>, sizeMax: number): void {
  const [oldest] = map.keys()
  if (map.size > sizeMax && oldest !== undefined) map.delete(oldest)
}

import { setTimeout as sleep } from 'node:timers/promises'
import {
  type BuildSummary,
  type CellSummary,
  type Changes,
  type Farm,
  type JobSummary,
  type RemovedCell,
  untilAborted,
} from '@rumpfarm/farm'
import { type Bus, topics } from '../../events/bus.ts'
import { WakeUp } from '../dashboard/live/wake-up.ts'

export type Change =
  | { kind: 'build'; key: string; value: BuildSummary }
  | { kind: 'job'; key: string; value: JobSummary }
  | { kind: 'cell'; key: string; value: CellSummary }
  | { kind: 'cell-removed'; key: string; value: RemovedCell }

export interface Batch {
  changes: Change[]
  /** The time of the read. The next read continues from it. */
  at: Date
  /** False if there were more changes than the farm reads at once. Then `changes` is empty. */
  complete: boolean
}

/** The feed reads at most once in this time, because a busy farm changes several times a second. */
const pauseMs = 1_000
/** The feed remembers at most this many reads for streams that connected again. */
const missedMax = 100
/** If a wake-up is lost, the feed reads after this time. */
const refreshMs = 10_000

/** Reads what changed since the read at this time, with some earlier changes. The default is the present time. */
export async function readChanges({ changes }: Pick<Farm, 'changes'>, at?: Date): Promise<Batch> {
  const found = await changes.since(at)
  return { changes: listOf(found), at: found.at, complete: found.complete }
}

/** Cells come before their jobs, and jobs before their builds. So a client that waits for a build has its jobs then. */
const listOf = ({ builds, jobs, cells, removedCells }: Changes): Change[] => [
  ...removedCells.map(value => ({ kind: 'cell-removed', key: cellKey(value), value }) as const),
  ...cells.map(value => ({ kind: 'cell', key: cellKey(value), value }) as const),
  ...jobs.map(value => ({ kind: 'job', key: `job ${value.id}`, value }) as const),
  ...builds.map(value => ({ kind: 'build', key: `build ${value.id}`, value }) as const),
]

const cellKey = ({ project, branch, host, arch, variant }: RemovedCell): string =>
  ['cell', project, branch, host, arch, variant].join('\n')

interface Services {
  farm: Pick<Farm, 'changes'>
  bus: Bus
  /** Called if the farm cannot read the changes. The feed tries again. */
  onProblem(error: Error): void
}

/** A read for several streams does not end when the first of them leaves. */
const noSignal = new AbortController().signal

/** Reads the changes once for all streams of this server, while at least one stream is open. */
export class ChangeFeed {
  readonly #services: Services
  readonly #listeners = new Set<(batch: Batch) => void>()
  #run: { ready: Promise<Date>; end(): void } | undefined
  /** What streams that connected again have missed, by the time of their last event. */
  readonly #missed = new Map<number, Promise<Batch>>()

  constructor(services: Services) {
    this.#services = services
  }

  /**
   * Passes each further batch to the listener. Resolves with the time from which the listener gets all changes. Rejects
   * if the farm cannot read the changes now.
   */
  async subscribe(listener: (batch: Batch) => void): Promise<{ at: Date; unsubscribe(): void }> {
    this.#listeners.add(listener)
    const unsubscribe = () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#end()
    }
    try {
      this.#run ??= this.#start()
      return { at: await this.#run.ready, unsubscribe }
    } catch (error) {
      unsubscribe()
      throw error
    }
  }

  /**
   * Reads what changed since this time, for a listener that is already subscribed. After a lost connection, many streams
   * continue from the same event: they share one read until the feed passes the next batch on.
   */
  changesSince(at: Date): Promise<Batch> {
    const time = at.getTime()
    const known = this.#missed.get(time)
    if (known) return known
    const read = untilAborted(noSignal, () => readChanges(this.#services.farm, at))
    if (this.#missed.size < missedMax) this.#missed.set(time, read)
    read.catch(() => this.#missed.delete(time))
    return read
  }

  #end(): void {
    this.#run?.end()
    this.#run = undefined
    this.#missed.clear()
  }

  #start() {
    const ended = new AbortController()
    const wakeUp = new WakeUp()
    const unsubscribe = this.#services.bus.subscribe(topics.matrix, () => wakeUp.wake())
    // The feed continues after the request that opened it.
    const first = untilAborted(ended.signal, () => readChanges(this.#services.farm))
    const loop = untilAborted(ended.signal, () => first.then(batch => this.#follow(batch, wakeUp, ended.signal)))
    loop.catch(() => {}).finally(unsubscribe)
    return { ready: first.then(({ at }) => at), end: () => ended.abort() }
  }

  async #follow(first: Batch, wakeUp: WakeUp, ended: AbortSignal): Promise<void> {
    let { at } = first
    let known = versionsOf(first)
    while (!ended.aborted) {
      await wakeUp.wait(refreshMs, ended)
      if (ended.aborted) return
      const batch = await readChanges(this.#services.farm, at).catch(this.#services.onProblem)
      if (batch) {
        const versions = versionsOf(batch)
        const changes = batch.changes.filter(({ key }) => versions.get(key) !== known.get(key))
        known = versions
        at = batch.at
        this.#missed.clear() // a later listener does not get this batch, so it needs a later read
        for (const listener of this.#listeners) listener({ ...batch, changes })
      }
      await sleep(pauseMs, undefined, { signal: ended }).catch(() => {}) // the condition of the loop checks the signal
    }
  }
}

/** Two reads overlap, so the feed remembers the values of the last read, and passes only different values on. */
const versionsOf = ({ changes }: Batch): Map<string, string> =>
  new Map(changes.map(({ key, value }) => [key, JSON.stringify(value)]))

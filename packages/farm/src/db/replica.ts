import { AsyncLocalStorage } from 'node:async_hooks'
import { reader, untilAborted } from './callers.ts'
import type { Db } from './client.ts'
import { isReplicaFailure } from './errors.ts'
import { type Look, neededPosition } from './replica.rule.ts'

/** Runs queries that only read history. */
export type History = <Result>(run: () => Promise<Result>) => Promise<Result>

/** The farm looks at most once per second how far the replica is. */
const lookEveryMs = 1_000
/** After a failure, the farm does not use the replica for this time. */
const restMs = 10_000

const running = new AsyncLocalStorage<Db>()

/** The replica, if the running query may use it. */
export const replicaOfQuery = (): Db | undefined => running.getStore()

/**
 * Sends queries of history to a replica of the database, for readers that accept a late answer. If the replica is more
 * than about five seconds behind, does not answer or cancels the query, the primary answers.
 */
export class Replica {
  readonly #db: Db
  readonly #primary: Db
  #last: { look: Look; usable: Promise<boolean> } | undefined
  #restsUntil = 0

  constructor(db: Db, primary: Db) {
    this.#db = db
    this.#primary = primary
  }

  run: History = async run => {
    if (!reader()?.mayBeLate || !(await this.isUsable())) return run()
    try {
      return await running.run(this.#db, run)
    } catch (error) {
      if (!isReplicaFailure(error)) throw error
      this.#rest()
      return run()
    }
  }

  /** Whether the replica answers, and has all that the primary had a few seconds ago. */
  async isUsable(): Promise<boolean> {
    const now = performance.now()
    if (now < this.#restsUntil) return false
    const last = this.#last
    if (last && now - last.look.at < lookEveryMs) return last.usable
    const look: Look = { at: now, primary: '' }
    // The answer is for all readers, so it must not end when this one leaves.
    const looking = untilAborted(new AbortController().signal, () => this.#look(look, last?.look))
    const usable = looking.catch(() => {
      this.#rest()
      return false
    })
    this.#last = { look, usable }
    return usable
  }

  async #look(look: Look, before: Look | undefined): Promise<boolean> {
    const [primary] = await this.#primary.query<{ at: string }>`SELECT pg_current_wal_lsn()::text AS "at"`
    look.primary = primary?.at ?? ''
    const needed = neededPosition(look, before?.primary ? before : undefined)
    const [found] = await this.#db.query<{ isReady: boolean | null }>`
      SELECT pg_last_wal_replay_lsn() >= ${needed}::pg_lsn AS "isReady"`
    return found?.isReady === true
  }

  #rest(): void {
    this.#restsUntil = performance.now() + restMs
    this.#last = undefined
  }
}

import type { Storage } from '@rumpfarm/storage'
import type { RunningCache } from './attempts/running.ts'
import type { Clock, Random } from './clock.ts'
import type { Db } from './db/client.ts'
import type { Turns } from './db/query-limit.ts'
import type { EventListener } from './events.ts'

export interface Settings {
  /** How long a lease lasts without a message from the host. */
  leaseSeconds: number
  /** Agents below this version get no further jobs. */
  agentVersionMin?: string | undefined
  /** A host is silent if it sent nothing for this time. */
  silentSeconds: number
  /** How long an invitation can be used. */
  invitationSeconds: number
  /**
   * The key that signs credentials. It must never change, so that a host that enrols twice gets the same credential.
   */
  secret: string
}

/** The services that every command and query uses. */
export interface Context {
  db: Db
  logs: Storage['logs']
  artifacts: Storage['artifacts']
  logTimes: Storage['logTimes']
  running: RunningCache
  settings: Settings
  now: Clock
  random: Random
  /**
   * Passes an event to the listeners. Commands call `inTransaction` or `withEvents` (events.ts), which emit after the
   * commit.
   */
  emit: EventListener
}

/** One context for each pool of connections (db/pools.ts). A method uses the pool of its context. */
export interface Contexts {
  /** Commands, requests of hosts, and background tasks. */
  main: Context
  /** Queries of pages and the API. The database ends them after a few seconds. */
  pages: Context
  /** Queries for the session or token of a request. Each request needs them before its other queries. */
  lookups: Context
  /** Limits how many queries for long lists use `pages` at the same time. Further queries wait. */
  listing: Turns
}

import type { AttemptId } from '@rumpfarm/contracts'
import type { ExpectedLog, Storage } from '@rumpfarm/storage'
import type { RunningCache } from './attempts/running.ts'
import type { Clock, Random } from './clock.ts'
import type { Db } from './db/client.ts'
import type { Listing } from './db/pools.ts'
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
  /** Compresses the log of an ended attempt soon, and compares it with what the host said of it. */
  packLog: (attempt: AttemptId, expected: ExpectedLog) => void
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

/**
 * The contexts differ in their pools of connections (db/pools.ts). Both `main` and `pages` use the connections of the
 * caller: requests that only read, background tasks, and all others have separate connections.
 */
export interface Contexts {
  /** Commands, and what they read. */
  main: Context
  /** Queries of pages and the API. */
  pages: Context
  /** Queries for the session or token of a request. Each request needs them before its other queries. */
  lookups: Context
  /** Imports, whose statements may take minutes. */
  tasks: Context
  /** Limits how many queries for long lists run at the same time for readers. Further queries wait. */
  listing: Listing
  /** The same for lists of history. They may come from a replica of the database (db/replica.ts). */
  history: Listing
}

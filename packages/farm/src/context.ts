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
  /** A host that sent nothing for this long is called silent. */
  silentSeconds: number
  /** How long an invitation can be used. */
  invitationSeconds: number
  /** Signs credentials, so that a host that asks twice gets the same one. It must never change. */
  secret: string
}

/** The services that every command and query uses. */
export interface Context {
  db: Db
  logs: Storage['logs']
  artifacts: Storage['artifacts']
  running: RunningCache
  settings: Settings
  now: Clock
  random: Random
  /** Passes an event to the listeners. Commands call `inTransaction` or `withEvents` (events.ts), which emit after the commit. */
  emit: EventListener
}

/** The same context over each pool of connections (db/pools.ts): a method's context says which pool it uses. */
export interface Contexts {
  /** Commands, requests of hosts, and background tasks. */
  main: Context
  /** Queries of pages and the API: given up after some seconds. */
  pages: Context
  /** Sessions and tokens, which a request needs before its own queries. */
  lookups: Context
  /** Long lists wait here for their turn on `pages`. */
  listing: Turns
}

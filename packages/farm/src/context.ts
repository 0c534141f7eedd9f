import type { Artifacts, Logs } from '@rumpfarm/storage'
import type { RunningCache } from './attempts/running.ts'
import type { Clock, Random } from './clock.ts'
import type { Db } from './db/client.ts'
import type { Turns } from './db/query-limit.ts'
import type { FarmEvent } from './events.ts'

export interface Settings {
  /** How long a lease lasts without a message from the host. */
  leaseSeconds: number
  /** Agents below this version get no further jobs. */
  agentVersionMin?: string | undefined
  /** How long a host is not heard before it is called silent. */
  silentSeconds: number
  /** How long an invitation can be used. */
  invitationSeconds: number
  /** Signs what must be the same when asked twice (a host's credential). At least 32 bytes, kept for good. */
  secret: string
}

/** What every command and query works with. */
export interface Context {
  db: Db
  logs: Logs
  artifacts: Artifacts
  running: RunningCache
  settings: Settings
  now: Clock
  random: Random
  /** Called after a transaction has committed; must not throw. Losing one loses nothing: the reconcile task repeats it. */
  publish: (event: FarmEvent) => void
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

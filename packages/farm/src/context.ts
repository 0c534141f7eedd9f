import type { Artifacts, Logs } from '@rumpfarm/storage'
import type { RunningCache } from './attempts/running.ts'
import type { Clock, Random } from './clock.ts'
import type { Db } from './db/client.ts'
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

/** What every verb works with. */
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

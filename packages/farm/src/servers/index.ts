import type { Contexts } from '../context.ts'
import type { ServerFacts } from './conflicts.rule.ts'
import { beat, breakingMigration, listAlive, registerServer, removeServer } from './servers.ts'

export type { ServerFacts } from './conflicts.rule.ts'
export type { RegisterOutcome, ServerView } from './servers.ts'

/** The server processes of this farm. */
export const serverMethods = ({ lookups, main, pages }: Contexts) => ({
  /** Adds a server, and extends all leases if no server ran. Call it once at the start, before a task can expire a lease. */
  register: (facts: ServerFacts) => registerServer(main, facts),
  /** Records that a server is alive, and returns the servers that are. Call it every `beatSeconds`. */
  beat: (facts: ServerFacts, clockAheadMs: number) => beat(lookups, facts, clockAheadMs),
  /** The migration of a newer version that this server cannot work with; undefined if there is none. */
  breakingMigration: (facts: ServerFacts) => breakingMigration(lookups, facts),
  remove: (id: string) => removeServer(lookups, id),
  /** The servers that are alive, in the order of their starts. */
  list: () => listAlive(pages),
})

import { caller, reader } from './callers.ts'
import { type Db, openDatabase, type PoolUse } from './client.ts'
import { fairLimits, Turns } from './query-limit.ts'
import { type History, Replica, replicaOfQuery } from './replica.ts'

/**
 * The connections of one process to PostgreSQL, in four pools. So slow pages do not delay hosts, background tasks delay
 * neither, and a slow page does not delay the sign-in check of the next page.
 */
export interface Pools {
  /**
   * The connections of the caller: `pages` for a request that only reads, `tasks` for a background task,
   * and otherwise `main`.
   */
  own: Db
  /** Queries for the session or token of a request, and of `/readyz`. They have the time limit of `pages`. */
  lookups: Db
  /** Background tasks, and imports. Their statements may take minutes. */
  tasks: Db
  /** Limits queries for long lists of builds and jobs, so that they use only some connections of `pages`. */
  listing: Listing
  /** Runs a query for a long list of history, in its turn; on the replica if there is one. */
  history: History
  /** The replica for reads of history; undefined if there is none. */
  replica: Replica | undefined
  /** How many connections each pool uses now. */
  use(): Partial<Record<PoolName, PoolUse>>
  close(): Promise<void>
}

export type PoolName = 'main' | 'pages' | 'lookups' | 'tasks' | 'replica'

/** Runs a query for a long list in its turn. */
export type Listing = <Result>(run: () => Promise<Result>) => Promise<Result>

export interface OpenPools {
  databaseUrl: string
  /** A replica for reads of history. */
  databaseReadUrl?: string | undefined
  /** True if `databaseUrl` and `databaseReadUrl` are poolers such as PgBouncer. */
  databasePooler?: boolean | undefined
  /** Connections for commands and requests of hosts. */
  connectionsMax?: number | undefined
  /** Connections for pages and reads of the API. */
  readConnectionsMax?: number | undefined
}

/** Each query of a page ends within its limit or reports an error, even if PostgreSQL stops answering. */
const readLimits = { waitMs: 3_000, statementMs: 3_000 }
/** How long a query of a page waits for its turn. */
const turnMs = 2_000
/** A host repeats a request that the farm could not answer, so it must receive this answer soon. */
const commandLimits = { waitMs: 5_000, statementMs: 10_000 }
const taskLimits = { waitMs: 30_000, statementMs: 300_000 }
const taskTransactionLimits = { waitMs: 30_000, totalMs: 60_000 }
const lookupConnections = 2
const taskConnections = 5
const listingsAtOnce = 3

export function openPools(options: OpenPools): Pools {
  const { databaseUrl: url, databasePooler: pooler = false, connectionsMax = 10, readConnectionsMax = 6 } = options
  const readPool = (connections: number, limits: ConstructorParameters<typeof Turns>[0], from = url) =>
    openDatabase({ url: from, pooler, connectionsMax: connections, limits: readLimits, turns: new Turns(limits) })
  const main = openDatabase({ url, pooler, connectionsMax, limits: commandLimits, plansByIndex: true })
  const pages = readPool(readConnectionsMax, fairLimits(readConnectionsMax, turnMs))
  // These queries take a millisecond, and every request needs one. So a client may use all connections.
  const lookups = readPool(lookupConnections, {
    ...fairLimits(lookupConnections, turnMs),
    perClient: lookupConnections,
  })
  const tasks = openDatabase({
    ...{ url, pooler },
    connectionsMax: taskConnections,
    limits: taskLimits,
    transactionLimits: taskTransactionLimits,
  })
  const copy =
    options.databaseReadUrl === undefined
      ? undefined
      : readPool(readConnectionsMax, fairLimits(readConnectionsMax, turnMs), options.databaseReadUrl)
  const all = { main, pages, lookups, tasks, ...(copy && { replica: copy }) }
  const replica = copy && new Replica(copy, lookups)
  const listing = listingIn(new Turns(fairLimits(listingsAtOnce, turnMs)))
  const poolOf = { reader: pages, task: tasks }
  const close = async () => void (await Promise.all(Object.values(all).map(db => db.close())))
  return {
    own: chosen(() => replicaOfQuery() ?? poolOf[caller()?.kind as keyof typeof poolOf] ?? main, close),
    lookups,
    tasks,
    listing,
    history: replica ? run => listing(() => replica.run(run)) : listing,
    replica,
    use: () => Object.fromEntries(Object.entries(all).map(([name, db]) => [name, db.use()])),
    close,
  }
}

/** A database whose pool is chosen for each query. */
const chosen = (choose: () => Db, close: () => Promise<void>): Db => ({
  query: (text, ...values) => choose().query(text, ...values),
  execute: (text, ...values) => choose().execute(text, ...values),
  transaction: work => choose().transaction(work),
  get models() {
    return choose().models
  },
  use: () => choose().use(),
  close,
})

/** Only readers wait for a turn, because only they share the connections of `pages`. */
const listingIn =
  (turns: Turns): Listing =>
  async run => {
    const found = reader()
    if (!found) return run()
    const end = await turns.begin({ client: found.client, signal: found.signal })
    try {
      return await run()
    } finally {
      end()
    }
  }

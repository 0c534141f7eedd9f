import { type Db, openDatabase, type PoolUse } from './client.ts'
import { type Turns, turns } from './query-limit.ts'

/**
 * The connections of one process to PostgreSQL, in three pools. So slow pages do not delay hosts, and a slow page does
 * not delay the sign-in check of the next page.
 */
export interface Pools {
  /** Commands, requests of hosts, and background tasks. A statement here has no time limit. */
  main: Db
  /** Queries of pages and the API. They have a time limit (`isGivenUp`). */
  pages: Db
  /** Queries for the session or token of a request. They have the time limit of `pages`. */
  lookups: Db
  /** Limits queries for long lists of builds and jobs, so that they use only some connections of `pages`. */
  listing: Turns
  /** How many connections each pool uses now. */
  use(): Record<'main' | 'pages' | 'lookups', PoolUse>
  close(): Promise<void>
}

export interface OpenPools {
  databaseUrl: string
  /** Connections of `main`. */
  connectionsMax?: number | undefined
  /** Connections of `pages`. */
  readConnectionsMax?: number | undefined
}

/** A page is complete within five seconds or reports an error, even if PostgreSQL stops answering. */
const readLimits = { waitMs: 1_000, statementMs: 3_000 }
const lookupConnections = 2
const listingsAtOnce = 3

export function openPools({ databaseUrl: url, connectionsMax = 10, readConnectionsMax = 6 }: OpenPools): Pools {
  const main = openDatabase({ url, connectionsMax })
  const pages = openDatabase({ url, connectionsMax: readConnectionsMax, limits: readLimits })
  const lookups = openDatabase({ url, connectionsMax: lookupConnections, limits: readLimits })
  return {
    main,
    pages,
    lookups,
    listing: turns(listingsAtOnce, readLimits.waitMs),
    use: () => ({ main: main.use(), pages: pages.use(), lookups: lookups.use() }),
    close: async () => void (await Promise.all([main, pages, lookups].map(db => db.close()))),
  }
}

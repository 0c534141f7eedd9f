import { setFlagsFromString } from 'node:v8'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from './generated/client.ts'
import { runTransaction, type TransactionLimits, usualLimits } from './pg-transaction.ts'
import type { Turns } from './query-limit.ts'
import { ReadPool } from './read-pool.ts'
import { statementNames } from './statement-names.ts'

/** Statements in SQL. The package pg runs them without Prisma (docs/decisions/0009). */
export interface Statements {
  /** Returns the rows. */
  query<Row>(text: TemplateStringsArray, ...values: unknown[]): Promise<Row[]>
  /** Returns how many rows were changed. */
  execute(text: TemplateStringsArray, ...values: unknown[]): Promise<number>
}

export interface Db extends Statements {
  /** Runs `work` in one transaction. Commands call `inTransaction` instead, which also emits events. */
  transaction<Result>(work: (statements: Statements) => Promise<Result>): Promise<Result>
  /** Prisma, for simple reads and writes outside a transaction. */
  models: Models
  /** How many connections of the pool run statements now. */
  use(): PoolUse
  close(): Promise<void>
}

export interface PoolUse {
  used: number
  idle: number
  /** How many statements wait for a connection. */
  waiting: number
  max: number
}

type Models = Omit<PrismaClient, `$${string}`>

export interface OpenDatabase {
  url: string
  /** The largest number of connections in this pool. */
  connectionsMax?: number
  limits: QueryLimits
  /** The limits of a transaction, if the usual limits are too short. */
  transactionLimits?: TransactionLimits
  /** Shares the connections between clients. It must have as many turns as the pool has connections. */
  turns?: Turns
  /**
   * True if `url` is a pooler such as PgBouncer, which gives a connection of PostgreSQL to a client only for a transaction.
   * Then nothing may stay at a connection: no prepared statements and no settings.
   */
  pooler?: boolean
  /**
   * Set this if all statements find their rows with an index. PostgreSQL then plans each statement once for all values, and
   * reads no whole table if it can use an index, even if the table is small now.
   */
  plansByIndex?: boolean
  /** After this time, PostgreSQL plans the prepared statements of a connection again. */
  replanMs?: number
}

export interface QueryLimits {
  /** How long a query waits for a connection, or for PostgreSQL to accept one, in milliseconds. */
  waitMs: number
  /**
   * The time limit of a query in PostgreSQL. Half a second later the client gives up, if PostgreSQL does not answer.
   */
  statementMs: number
}

/** The type `bigint[]`. */
const int8Array = 1016

/** One pool of connections. Prisma and the farm's own statements share it. */
export function openDatabase({ url, connectionsMax = 10, limits, pooler = false, ...given }: OpenDatabase): Db {
  compileQuickly()
  const { transactionLimits = usualLimits, turns, plansByIndex = false } = given
  const { replanMs = plansByIndex ? 60_000 : 10_000 } = given
  const config = {
    ...{ connectionString: url, max: connectionsMax, types, ...clientLimits(limits) },
    ...(!pooler && {
      statement_timeout: limits.statementMs,
      // A process that is frozen inside a transaction must not hold its locks against other servers.
      idle_in_transaction_session_timeout: transactionLimits.totalMs,
      onConnect: (client: pg.ClientBase) => applySettings(client, { plansByIndex }),
    }),
  }
  const pool = turns ? new ReadPool(config, turns, limits.statementMs) : new pg.Pool(config)
  pool.on('error', () => {}) // if an idle connection breaks, the pool drops it, and the next query reports the problem
  // If a connection breaks during a query, the query fails. Without a listener, the error of the connection would also
  // end the process.
  pool.on('connect', client => client.on('error', () => {}))
  if (!pooler) replan(pool, replanMs)
  let models: PrismaClient | undefined
  const nameOf = pooler ? () => undefined : statementNames()
  const statementNameGenerator = ({ sql }: { sql: string }) => nameOf(sql) ?? ''
  return {
    ...statementsOn(pool, nameOf),
    transaction: work => runTransaction(pool, client => work(statementsOn(client, nameOf)), transactionLimits),
    get models() {
      models ??= new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator }) })
      return models
    },
    use: () => useOf(pool, connectionsMax, turns),
    async close() {
      await models?.$disconnect()
      await pool.end()
    },
  }
}

/**
 * `bigint` values are numbers here: ids and counts of bytes stay far below 2^53. Without these parsers, pg returns
 * strings. Prisma's own queries do not use them: they return `bigint` values of JavaScript, which the caller converts.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => parsers.get(oid) ?? pg.types.getTypeParser(oid, format),
}

function toNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`PostgreSQL returned ${text}, which is no safe integer`)
  return value
}

const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, toNumber],
  [int8Array, text => (text === '{}' ? [] : text.slice(1, -1).split(',').map(toNumber))],
])

const useOf = ({ totalCount, idleCount, waitingCount }: pg.Pool, max: number, turns?: Turns): PoolUse => ({
  used: totalCount - idleCount,
  idle: idleCount,
  waiting: waitingCount + (turns?.waiting ?? 0),
  max,
})

/**
 * Prisma's query compiler is WebAssembly. V8 would optimise it in the background and keep 75 MB for this. Five seconds
 * after the start, 245 MB would be resident instead of 167 MB. The compiler runs only a few times for a page, and never
 * for a job.
 */
const compileQuickly = () => setFlagsFromString('--liftoff-only')

/**
 * PostgreSQL keeps the plan of a prepared statement until it has new statistics of a table, which can take minutes. A plan
 * from a time when few jobs were open reads the whole table of open attempts, even if thousands wait now.
 */
function replan(pool: pg.Pool, everyMs: number): void {
  const plannedAt = new WeakMap<pg.PoolClient, number>()
  pool.on('acquire', client => {
    const now = performance.now()
    const before = plannedAt.get(client)
    if (before !== undefined && now - before < everyMs) return
    plannedAt.set(client, now)
    if (before !== undefined) client.query('DISCARD PLANS').catch(() => {}) // the next query reports a broken connection
  })
}

const clientLimits = ({ waitMs, statementMs }: QueryLimits): pg.PoolConfig => ({
  connectionTimeoutMillis: waitMs,
  query_timeout: statementMs + 500,
})

async function applySettings(client: pg.ClientBase, { plansByIndex }: { plansByIndex: boolean }): Promise<void> {
  if (plansByIndex) await client.query('SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off')
  await endWithThisProcess(client)
}

/**
 * PostgreSQL looks every two seconds whether the connection of a running statement still exists. Without this, the
 * statements of a server that was killed go on until their time limit. Some systems do not support the setting.
 */
async function endWithThisProcess(client: pg.ClientBase): Promise<void> {
  await client.query("SET client_connection_check_interval = '2s'").catch(() => {})
}

type Run = (text: TemplateStringsArray, values: unknown[]) => Promise<pg.QueryResult>

const statements = (run: Run): Statements => ({
  query: async (text, ...values) => (await run(text, values)).rows,
  execute: async (text, ...values) => (await run(text, values)).rowCount ?? 0,
})

type NameOf = (text: string) => string | undefined

const statementsOn = (connection: Pick<pg.Pool, 'query'>, nameOf: NameOf) =>
  statements((text, values) => connection.query(preparedOf(text, values, nameOf)))

function preparedOf(strings: TemplateStringsArray, given: unknown[], nameOf: NameOf): pg.QueryConfig {
  const { text, values } = Prisma.sql(strings, ...given)
  const name = nameOf(text)
  return name === undefined ? { text, values } : { name, text, values }
}

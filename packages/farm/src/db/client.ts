import { AsyncLocalStorage } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from './generated/client.ts'
import { runTransaction } from './pg-transaction.ts'
import { nameStatement } from './statement-names.ts'

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
  /** Without limits a query may take as long as it needs. */
  limits?: ReadLimits
}

export interface ReadLimits {
  /** How long a query waits for a connection, in milliseconds. */
  waitMs: number
  /**
   * The time limit of a query in PostgreSQL. Half a second later the client gives up, if PostgreSQL does not answer.
   */
  statementMs: number
}

/** One pool of connections. Prisma and the farm's own statements share it. */
export function openDatabase({ url, connectionsMax = 10, limits }: OpenDatabase): Db {
  compileQuickly()
  const pool = new pg.Pool({ connectionString: url, max: connectionsMax, ...(limits && poolLimits(limits)) })
  pool.on('error', () => {}) // if an idle connection breaks, the pool drops it, and the next query reports the problem
  // If a connection breaks during a query, the query fails. Without a listener, the error of the connection would also
  // end the process.
  pool.on('connect', client => client.on('error', () => {}))
  const models = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator: nameOf }) })
  return {
    ...(limits ? cancellableStatements(pool) : statementsOn(pool)),
    transaction: work => runTransaction(pool, client => work(statementsOn(client))),
    models,
    use: () => useOf(pool, connectionsMax),
    async close() {
      await models.$disconnect()
      await pool.end()
    },
  }
}

const useOf = ({ totalCount, idleCount, waitingCount }: pg.Pool, max: number): PoolUse => ({
  used: totalCount - idleCount,
  idle: idleCount,
  waiting: waitingCount,
  max,
})

/**
 * Prisma's query compiler is WebAssembly. V8 would optimise it in the background and keep 75 MB for this. Five seconds
 * after the start, 245 MB would be resident instead of 167 MB. The compiler runs only a few times for a page, and never
 * for a job.
 */
const compileQuickly = () => setFlagsFromString('--liftoff-only')

const poolLimits = ({ waitMs, statementMs }: ReadLimits): pg.PoolConfig => ({
  connectionTimeoutMillis: waitMs,
  statement_timeout: statementMs,
  query_timeout: statementMs + 500,
})

type Run = (text: TemplateStringsArray, values: unknown[]) => Promise<pg.QueryResult>

const statements = (run: Run): Statements => ({
  query: async (text, ...values) => (await run(text, values)).rows,
  execute: async (text, ...values) => (await run(text, values)).rowCount ?? 0,
})

const statementsOn = (connection: Pick<pg.Pool, 'query'>) =>
  statements((text, values) => connection.query(preparedOf(text, values)))

/** Statements on a pool. PostgreSQL ends a query if the reader of its page has left (`untilAborted`). */
const cancellableStatements = (pool: pg.Pool) =>
  statements(async (text, values) => {
    const signal = signals.getStore()
    return signal ? queryUntil(signal, pool, preparedOf(text, values)) : pool.query(preparedOf(text, values))
  })

function preparedOf(strings: TemplateStringsArray, given: unknown[]): pg.QueryConfig {
  const { text, values } = Prisma.sql(strings, ...given)
  const name = nameStatement(text)
  return name === undefined ? { text, values } : { name, text, values }
}

const nameOf = ({ sql }: { sql: string }) => nameStatement(sql) ?? ''

async function queryUntil(signal: AbortSignal, pool: pg.Pool, query: pg.QueryConfig): Promise<pg.QueryResult> {
  signal.throwIfAborted()
  const client = (await pool.connect()) as pg.PoolClient & { processID: number }
  const cancel = () => void pool.query('SELECT pg_cancel_backend($1)', [client.processID]).catch(() => {})
  signal.addEventListener('abort', cancel)
  let failure: Error | undefined
  try {
    return await client.query(query)
  } catch (error) {
    failure = error as Error
    throw error
  } finally {
    signal.removeEventListener('abort', cancel)
    client.release(failure)
  }
}

const signals = new AsyncLocalStorage<AbortSignal>()

/** Runs `run`. When the signal is aborted, PostgreSQL ends the queries for pages that `run` has started. */
export const untilAborted = <Result>(signal: AbortSignal, run: () => Result): Result => signals.run(signal, run)

/** The signal of the `untilAborted` in which the caller runs; undefined outside. */
export const readerSignal = (): AbortSignal | undefined => signals.getStore()

import { AsyncLocalStorage } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from './generated/client.ts'
import { NoTurn } from './query-limit.ts'
import { nameStatement } from './statement-names.ts'

export { Prisma }

/** Statements as the verbs write them, with their values in place. */
export interface Raw {
  $queryRaw<Rows>(text: TemplateStringsArray, ...values: unknown[]): Promise<Rows>
  /** How many rows were changed. */
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<number>
}

export type Db = Omit<PrismaClient, keyof Raw> & Raw
/** What a verb gets inside a transaction. */
export type Tx = Omit<Db, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>

export interface OpenDatabase {
  url: string
  /** Connections to PostgreSQL of this process. */
  connectionsMax?: number
  /** For reads: a question that takes longer is given up. Without it nothing is. */
  limits?: ReadLimits
}

export interface ReadLimits {
  /** How long a question waits for a connection, in milliseconds. */
  waitMs: number
  /** How long PostgreSQL works on it. A little later it is given up here, should PostgreSQL have stopped to answer. */
  statementMs: number
}

/**
 * Every query of the farm goes through this client; nothing else opens the database. Models and transactions are Prisma's;
 * a statement written as SQL outside a transaction goes to Prisma's connections without Prisma in between
 * (docs/decisions/0009).
 */
export function openDatabase({ url, connectionsMax = 10, limits }: OpenDatabase): Db {
  compileQuickly()
  const pool = new pg.Pool({ connectionString: url, max: connectionsMax, ...(limits && poolLimits(limits)) })
  pool.on('error', () => {}) // an idle connection broke: the pool drops it, and whoever asks next hears what is wrong
  // One that breaks in use fails its query. Without a listener here it would end the process, too.
  pool.on('connect', client => client.on('error', () => {}))
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { statementNameGenerator: nameOf }),
    // A transaction here is a few statements. Waiting longer for a connection means that the database is in trouble.
    transactionOptions: { maxWait: 5_000, timeout: 15_000 },
  })
  const own: Raw & Pick<Db, '$disconnect'> = {
    $queryRaw: async (text, ...values) =>
      (await (limits ? askUntil(pool, text, values) : ask(pool, text, values))).rows as never,
    $executeRaw: async (text, ...values) => (await ask(pool, text, values)).rowCount ?? 0,
    $disconnect: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
  return new Proxy(prisma, {
    get: (target, key) => Reflect.get(key in own ? own : target, key),
  }) as unknown as Db
}

/**
 * Prisma's query compiler is WebAssembly. V8 would optimise it in the background, for which it takes 75 MB and keeps them
 * (167 MB resident instead of 245, five seconds after the start); it runs a few times a page, and in no job's way.
 */
const compileQuickly = () => setFlagsFromString('--liftoff-only')

const poolLimits = ({ waitMs, statementMs }: ReadLimits): pg.PoolConfig => ({
  connectionTimeoutMillis: waitMs,
  statement_timeout: statementMs,
  query_timeout: statementMs + 500,
})

/** Asks, and has PostgreSQL end the query when whoever asked has gone (`untilAborted`). */
async function askUntil(pool: pg.Pool, strings: TemplateStringsArray, given: unknown[]): Promise<pg.QueryResult> {
  const signal = askers.getStore()
  if (!signal) return ask(pool, strings, given)
  signal.throwIfAborted()
  const client = (await pool.connect()) as pg.PoolClient & { processID: number }
  const cancel = () => void pool.query('SELECT pg_cancel_backend($1)', [client.processID]).catch(() => {})
  signal.addEventListener('abort', cancel)
  let failure: Error | undefined
  try {
    return await ask(client, strings, given)
  } catch (error) {
    failure = error as Error
    throw error
  } finally {
    signal.removeEventListener('abort', cancel)
    client.release(failure)
  }
}

const askers = new AsyncLocalStorage<AbortSignal>()

/** What `run` reads from the farm is given up when the signal says so. */
export const untilAborted = <Result>(signal: AbortSignal, run: () => Result): Result => askers.run(signal, run)

/** Whether there was no room for what was to be written: in the database, for a log, or for an artifact. */
export function isStorageFull(error: unknown): boolean {
  const { code, meta } = (error ?? {}) as { code?: unknown; meta?: PrismaMeta }
  return fullCodes.includes(String(meta?.driverAdapterError?.cause?.originalCode ?? code))
}

/** Of the operating system (no space, over quota), and PostgreSQL's disk_full. */
const fullCodes = ['ENOSPC', 'EDQUOT', '53100']

const queryCanceled = '57014'

/** Whether a read was given up: PostgreSQL took too long, every connection for reads was busy, or nobody wants it any more. */
export function isGivenUp(error: unknown): boolean {
  const { code, meta, message, name } = (error ?? {}) as {
    code?: unknown
    meta?: PrismaMeta
    message?: string
    name?: string
  }
  return (
    error instanceof NoTurn ||
    code === queryCanceled ||
    meta?.driverAdapterError?.cause?.originalCode === queryCanceled ||
    name === 'AbortError' ||
    /timeout exceeded when trying to connect|due to connection timeout|Query read timeout/.test(message ?? '')
  )
}

function ask(pool: Pick<pg.Pool, 'query'>, strings: TemplateStringsArray, given: unknown[]): Promise<pg.QueryResult> {
  const { text, values } = Prisma.sql(strings, ...given)
  return pool.query({ name: nameStatement(text), text, values })
}

const nameOf = ({ sql }: { sql: string }) => nameStatement(sql) ?? ''

const uniqueViolation = '23505'

/** Whether PostgreSQL refused a statement because a unique index said so: as it says itself, or as Prisma repeats it. */
export function isUniqueViolation(error: unknown): boolean {
  const { code, meta } = (error ?? {}) as { code?: unknown; meta?: PrismaMeta }
  return (
    code === uniqueViolation || code === 'P2002' || meta?.driverAdapterError?.cause?.originalCode === uniqueViolation
  )
}

interface PrismaMeta {
  driverAdapterError?: { cause?: { originalCode?: unknown } }
}

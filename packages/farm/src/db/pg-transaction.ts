import type pg from 'pg'
import { begin, commit, sendJoined } from './joined-statements.ts'

export interface TransactionLimits {
  /** How long the transaction waits for a connection, in milliseconds. */
  waitMs: number
  /** The longest time from the start of the transaction to its commit. */
  totalMs: number
}

// A transaction of the farm has only a few statements. If it takes longer than this, the database has a problem.
export const usualLimits = { waitMs: 5_000, totalMs: 15_000 }

/** The statements of a transaction. */
export interface Connection {
  query(config: pg.QueryConfig | string): Promise<pg.QueryResult>
  /**
   * Sends the statement with COMMIT in one round trip, or before the next statement. So if it fails, the next statement
   * or the transaction rejects.
   */
  queryLater(config: pg.QueryConfig): Promise<void>
}

export interface RunOptions extends TransactionLimits {
  /** True if the pool connects to a pooler, which keeps no prepared statements. */
  pooler?: boolean
}

/** Runs `work` between BEGIN and COMMIT on one connection, at PostgreSQL's default isolation (read committed). */
export async function runTransaction<Result>(
  pool: pg.Pool,
  work: (connection: Connection) => Promise<Result>,
  { waitMs, totalMs, pooler = false }: RunOptions = usualLimits,
): Promise<Result> {
  const client = await connectWithin(pool, waitMs)
  let late: Error | undefined
  const timer = setTimeout(() => {
    late = new Error(`a transaction took longer than ${totalMs} ms`)
    void client.end() // the running statement fails, and PostgreSQL rolls back
  }, totalMs)
  try {
    const transaction = new Transaction(client, pooler)
    await transaction.begin()
    const result = await work(transaction)
    await transaction.commit()
    client.release()
    return result
  } catch (error) {
    await rollBack(client)
    throw late ?? error
  } finally {
    clearTimeout(timer)
  }
}

/** The connections that have the prepared statements `begin` and `commit`. */
const prepared = new WeakSet<pg.PoolClient>()

/** After the first transaction of a connection, BEGIN is sent with the first statement, and COMMIT with a later statement. */
class Transaction implements Connection {
  readonly #client: pg.PoolClient
  readonly #pooler: boolean
  #begun = false
  #later: pg.QueryConfig | undefined

  constructor(client: pg.PoolClient, pooler: boolean) {
    this.#client = client
    this.#pooler = pooler
  }

  async begin(): Promise<void> {
    if (this.#joins) return
    await this.#client.query(this.#pooler ? 'BEGIN' : begin)
    this.#begun = true
  }

  async query(config: pg.QueryConfig | string): Promise<pg.QueryResult> {
    const later = this.#takeLater()
    if (later) await this.#send(later)
    return this.#send(typeof config === 'string' ? { text: config } : config)
  }

  async queryLater(config: pg.QueryConfig): Promise<void> {
    const earlier = this.#takeLater()
    this.#later = config
    if (earlier) await this.#send(earlier)
  }

  async commit(): Promise<void> {
    const later = this.#takeLater()
    if (later && this.#joins) {
      const { end } = await sendJoined(this.#client, later, { before: !this.#begun, after: true })
      return checkCommitted(end)
    }
    if (later) await this.#send(later)
    if (!this.#begun) return
    const { command } = await this.#client.query(this.#pooler ? 'COMMIT' : commit)
    checkCommitted(command)
    if (!this.#pooler) prepared.add(this.#client)
  }

  get #joins(): boolean {
    return prepared.has(this.#client)
  }

  async #send(config: pg.QueryConfig): Promise<pg.QueryResult> {
    if (this.#begun) return this.#client.query(config)
    this.#begun = true
    const { result } = await sendJoined(this.#client, config, { before: true, after: false })
    return result
  }

  #takeLater(): pg.QueryConfig | undefined {
    const later = this.#later
    this.#later = undefined
    return later
  }
}

/** PostgreSQL answers COMMIT with ROLLBACK, not with an error, if a statement failed before. */
function checkCommitted(command: string | undefined): void {
  if (command !== 'COMMIT') throw new Error('the transaction was rolled back: one of its statements failed')
}

async function connectWithin(pool: pg.Pool, ms: number): Promise<pg.PoolClient> {
  const connecting = pool.connect()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection to PostgreSQL was free within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([connecting, late])
  } catch (error) {
    connecting.then(
      client => client.release(),
      () => {},
    )
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** The pool drops a connection that cannot roll back. */
async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK')
    client.release()
  } catch (error) {
    client.release(error as Error)
  }
}

import type pg from 'pg'

export interface TransactionLimits {
  /** How long the transaction waits for a connection, in milliseconds. */
  waitMs: number
  /** The longest time from the start of the transaction to its commit. */
  totalMs: number
}

// A transaction of the farm has only a few statements. If it takes longer than this, the database has a problem.
export const usualLimits = { waitMs: 5_000, totalMs: 15_000 }

/** Runs `work` between BEGIN and COMMIT on one connection, at PostgreSQL's default isolation (read committed). */
export async function runTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
  { waitMs, totalMs }: TransactionLimits = usualLimits,
): Promise<Result> {
  const client = await connectWithin(pool, waitMs)
  let late: Error | undefined
  const timer = setTimeout(() => {
    late = new Error(`a transaction took longer than ${totalMs} ms`)
    void client.end() // the running statement fails, and PostgreSQL rolls back
  }, totalMs)
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await commit(client)
    client.release()
    return result
  } catch (error) {
    await rollBack(client)
    throw late ?? error
  } finally {
    clearTimeout(timer)
  }
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

/** PostgreSQL answers COMMIT with ROLLBACK, not with an error, if a statement failed before. */
async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT')
  if (command !== 'COMMIT') throw new Error('the transaction was rolled back: one of its statements failed')
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

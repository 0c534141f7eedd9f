import pg from 'pg'
import { reader } from './callers.ts'
import { requestCancel } from './cancel-request.ts'
import type { Turns } from './query-limit.ts'

/** Thrown for a query whose request had no time left. */
export class OutOfTime extends Error {
  constructor() {
    super('the request took longer than its limit') // errors.ts finds this text inside of Prisma's errors
  }
}

/** A cancelled query usually ends at once. If PostgreSQL does not answer within this time, the connection is closed. */
const cancelMs = 500
/** A cancel request that arrives before its query has no effect, so it is repeated. */
const cancelEveryMs = 100

/** PostgreSQL has this time to report that a statement has reached its limit. */
const pooledMs = 100

type Release = pg.PoolClient['release']
type Callback = (error: Error | undefined, client: pg.PoolClient | undefined, done: Release) => void

/**
 * A pool that shares its connections fairly between clients (`Turns`), also those of Prisma. PostgreSQL ends the query
 * of a reader that has left, or that has no time left (`asReader`).
 */
export class ReadPool extends pg.Pool {
  readonly #turns: Turns
  readonly #statementMs: number

  /** A connection is in use for at most `statementMs`, unless PostgreSQL ends its statement earlier. */
  constructor(config: pg.PoolConfig, turns: Turns, statementMs: number) {
    super(config)
    this.#turns = turns
    this.#statementMs = statementMs
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: Callback): void
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    const connecting = this.#take()
    if (!callback) return connecting
    connecting.then(
      client => callback(undefined, client, client.release),
      error => callback(error, undefined, () => {}),
    )
    return undefined
  }

  async #take(): Promise<pg.PoolClient> {
    const { client = 'the farm', signal, deadline } = reader() ?? {}
    signal?.throwIfAborted()
    const leftMs = deadline === undefined ? undefined : deadline - performance.now()
    if (leftMs !== undefined && leftMs <= 0) throw new OutOfTime()
    const end = await this.#turns.begin({ client, signal, waitMs: leftMs })
    try {
      const connection = await inTime(super.connect(), deadline)
      if (!signal?.aborted) return endWith(connection, { signal, ms: this.#msFor(deadline), end })
      connection.release()
      throw signal.reason
    } catch (error) {
      end()
      throw error
    }
  }

  /** PostgreSQL usually ends a statement at its limit. A pooler cannot set this limit, so it also has a timer here. */
  #msFor(deadline: number | undefined): number {
    const limit = this.#statementMs + pooledMs
    return deadline === undefined ? limit : Math.min(limit, deadline - performance.now())
  }
}

/** A connection that is ready after the deadline goes back to its pool. */
async function inTime(connecting: Promise<pg.PoolClient>, deadline: number | undefined): Promise<pg.PoolClient> {
  if (deadline === undefined) return connecting
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      connecting.then(client => client.release()).catch(() => {})
      reject(new OutOfTime())
    }, deadline - performance.now())
  })
  return Promise.race([connecting, late]).finally(() => clearTimeout(timer))
}

interface Ends {
  signal: AbortSignal | undefined
  /** The query ends after this time. */
  ms: number
  end: () => void
}

/**
 * Ends the query of a connection when its reader has left, or has no time left. Such a connection is not used again,
 * because a late cancel request would end the query of another reader.
 */
function endWith(client: pg.PoolClient, { signal, ms, end }: Ends): pg.PoolClient {
  let problem: Error | undefined
  let [again, hard]: NodeJS.Timeout[] = []
  const giveUp = (error: Error) => {
    if (problem) return
    problem = error
    requestCancel(client)
    again = setInterval(requestCancel, cancelEveryMs, client)
    hard = setTimeout(() => streamOf(client).destroy(error), cancelMs)
  }
  const gone = () => giveUp(signal?.reason)
  signal?.addEventListener('abort', gone)
  const late = setTimeout(() => giveUp(new OutOfTime()), ms)
  const { release } = client
  client.release = failure => {
    signal?.removeEventListener('abort', gone)
    clearTimeout(late)
    clearInterval(again)
    clearTimeout(hard)
    release(problem ?? failure)
    end()
  }
  return client
}

const streamOf = (client: pg.PoolClient) =>
  (client as unknown as { connection: { stream: { destroy(error: Error): void } } }).connection.stream

import {
  type BackendFactory,
  type ConnectionOptions,
  createPostgresBackend,
  createRedisBackend,
  type Job,
  Queue,
  Worker,
} from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Logger } from 'pino'

const prefix = 'rumpfarm'

/** BullMQ on Redis or PostgreSQL, with the same interface. */
export interface Queues {
  /** Exists only with Redis: the bus uses the same client. */
  redis: Redis | undefined
  queue(name: string): Queue
  /** A worker that takes jobs by itself, over a blocking connection of its own. */
  worker(name: string, run: (job: Job) => Promise<void>, concurrency: number): Worker
  /** A worker that takes a message only on request. It has no connection and no loop, so each host can have one. */
  taker(name: string): Worker
  /** Calls the listener each time the backend is reachable again. */
  onReady(listener: () => void): void
  close(): Promise<void>
}

interface Backend {
  connection: ConnectionOptions
  factory: BackendFactory
}

export const openQueues = (options: {
  redisUrl?: string | undefined
  databaseUrl: string
  log: Logger
}): Promise<Queues> =>
  options.redisUrl === undefined ? postgresQueues(options) : redisQueues(options.redisUrl, options.log)

async function redisQueues(url: string, log: Logger): Promise<Queues> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    // A command that cannot be sent fails at once: the reconcile task finds rows without a message, and commands that wait in
    // memory would be lost with this process.
    enableOfflineQueue: false,
    retryStrategy: attempt => Math.min(attempt * 100, 2000),
  })
  redis.setMaxListeners(0) // the queue of every host listens to this connection
  let unreachable = false
  redis.on('error', error => {
    if (!unreachable) log.warn({ problem: error.message }, 'Redis cannot be reached; jobs stay queued in PostgreSQL')
    unreachable = true
  })
  redis.on('ready', () => {
    if (unreachable) log.info('Redis is reachable again')
    unreachable = false
  })
  // The blocking connection of a worker must wait for Redis, so it has its own options and not the client above.
  const blocking = { url, maxRetriesPerRequest: null }
  return {
    redis,
    ...makers({ connection: redis, factory: createRedisBackend as BackendFactory }, log, blocking),
    onReady: listener => void redis.on('ready', listener),
    close: async () => redis.disconnect(),
  }
}

const schema = 'bullmq'

async function postgresQueues({ databaseUrl, log }: { databaseUrl: string; log: Logger }): Promise<Queues> {
  await migrateSchema(databaseUrl)
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 8, options: `-c search_path=${schema}` })
  pool.setMaxListeners(0) // the queue and taker of every host listen to this pool
  // Without a listener, a broken connection would end the process. BullMQ sees the error of its query.
  pool.on('connect', client => client.on('error', () => {}))
  pool.on('error', error => log.warn({ problem: error.message }, 'a PostgreSQL connection of the queues is broken'))
  return {
    redis: undefined,
    ...makers(
      { connection: pool as unknown as ConnectionOptions, factory: createPostgresBackend as unknown as BackendFactory },
      log,
    ),
    onReady: () => {},
    close: () => pool.end(),
  }
}

/** Creates BullMQ's tables in a schema of their own. */
async function migrateSchema(connectionString: string): Promise<void> {
  const connection = { connectionString, max: 1, schema, migrate: true }
  const queue = new Queue('tasks', { connection } as never, createPostgresBackend as never)
  await queue.waitUntilReady()
  await queue.close()
}

function makers({ connection, factory }: Backend, log: Logger, blocking: ConnectionOptions = connection) {
  const withoutBlocking: BackendFactory = (name, opts) => factory(name, opts, {})
  // The connection reports its error once; without a listener here Node would end the process.
  const logError = (error: Error) => log.debug({ problem: error.message }, 'BullMQ')
  // BullMQ's types include the backend, but only this file needs to know which one it is.
  return {
    queue(name: string) {
      const queue = new Queue(name, { connection, prefix, defaultJobOptions: messageOptions }, factory)
      return queue.on('error', logError) as unknown as Queue
    },
    worker(name: string, run: (job: Job) => Promise<void>, concurrency: number) {
      const options = { connection: blocking, prefix, concurrency, lockDuration: taskLockMs, stalledInterval: 5_000 }
      const worker = new Worker(name, run as never, options, factory)
      return worker.on('error', logError) as unknown as Worker
    },
    taker(name: string) {
      const options = { connection, prefix, autorun: false, lockDuration: takeLockMs }
      return new Worker(name, null, options, withoutBlocking).on('error', logError) as unknown as Worker
    },
  }
}

/** BullMQ deletes a message once it is taken: the lease is in the row. */
const messageOptions = { removeOnComplete: true, removeOnFail: true }

/**
 * BullMQ renews this lock while a task runs. After a server is killed, another takes over its tasks after this time and a
 * stalled check.
 */
const taskLockMs = 10_000

/** Longer than a take. After this time, a message whose taker has died can be removed and sent again. */
export const takeLockMs = 5_000

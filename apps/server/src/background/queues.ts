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

/** BullMQ on whichever backend this farm has. The same queues, whatever carries them. */
export interface Queues {
  /** Present where there is Redis: the bus shares it. */
  redis: Redis | undefined
  queue(name: string): Queue
  /** A worker that runs by itself; it has a blocking connection of its own. */
  worker(name: string, run: (job: Job) => Promise<void>, concurrency: number): Worker
  /** A worker that only takes messages when asked: no connection, no loop, so that one can exist for each host. */
  taker(name: string): Worker
  /** Called each time the backend can be reached again. */
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
    // A command that cannot be sent fails at once: rows without a message are found again by the reconcile task, while
    // a queue of commands in memory would be lost with this process.
    enableOfflineQueue: false,
    retryStrategy: attempt => Math.min(attempt * 100, 2000),
  })
  redis.setMaxListeners(0) // every host's queue listens to the one connection
  let away = false
  redis.on('error', error => {
    if (!away)
      log.warn({ problem: error.message }, 'Redis cannot be reached; jobs stay queued in PostgreSQL until it is back')
    away = true
  })
  redis.on('ready', () => {
    if (away) log.info('Redis is back')
    away = false
  })
  // The worker's blocking connection must wait for Redis, so it is made from options, not from the client above.
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
  pool.setMaxListeners(0) // every host's queue and taker listens to the one pool
  pool.on('connect', client => client.on('error', () => {})) // one that breaks in use: BullMQ hears it from its query
  pool.on('error', error => log.warn({ problem: error.message }, 'a PostgreSQL connection of the queues broke'))
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

/** BullMQ's own tables, in a schema of their own. */
async function migrateSchema(connectionString: string): Promise<void> {
  const connection = { connectionString, max: 1, schema, migrate: true }
  const queue = new Queue('tasks', { connection } as never, createPostgresBackend as never)
  await queue.waitUntilReady()
  await queue.close()
}

function makers({ connection, factory }: Backend, log: Logger, blocking: ConnectionOptions = connection) {
  const withoutBlocking: BackendFactory = (name, opts) => factory(name, opts, {})
  // Reported once, by the connection itself; without a listener Node would end the process.
  const hush = (error: Error) => log.debug({ problem: error.message }, 'BullMQ')
  // BullMQ's types carry the backend; nothing outside this file cares which one it is.
  return {
    queue(name: string) {
      const queue = new Queue(name, { connection, prefix, defaultJobOptions: messageOptions }, factory)
      return queue.on('error', hush) as unknown as Queue
    },
    worker(name: string, run: (job: Job) => Promise<void>, concurrency: number) {
      const options = { connection: blocking, prefix, concurrency, lockDuration: taskLockMs, stalledInterval: 5_000 }
      const worker = new Worker(name, run as never, options, factory)
      return worker.on('error', hush) as unknown as Worker
    },
    taker(name: string) {
      const options = { connection, prefix, autorun: false, lockDuration: takeLockMs }
      return new Worker(name, null, options, withoutBlocking).on('error', hush) as unknown as Worker
    },
  }
}

/** A message is gone once it is taken: the row holds the lease, not BullMQ. */
const messageOptions = { removeOnComplete: true, removeOnFail: true }

/** Renewed while the task runs: what a killed server left is taken up by another after at most this and a stalled check. */
const taskLockMs = 10_000

/** Longer than a take lasts; after it, a message whose taker died can be removed and sent anew. */
export const takeLockMs = 5_000

import {
  type BackendFactory,
  type ConnectionOptions,
  createPostgresBackend,
  createRedisBackend,
  type Job,
  Queue,
  type QueueBaseOptions,
  Worker,
} from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Logger } from 'pino'

const prefix = 'rumpfarm'

/** BullMQ on Redis or PostgreSQL, with the same interface. */
export interface Queues {
  /** The Redis client, which the bus also uses; undefined if the queues are in PostgreSQL. */
  redis: Redis | undefined
  queue(name: string): Queue
  /** A worker that waits for messages over its own connection, and calls `run` for each message. */
  worker(name: string, run: (job: Job) => Promise<void>, concurrency: number): Worker
  /**
   * Makes queues that share one backend, and so its connection and its listeners. Each host can have such a queue. They
   * need not be closed.
   */
  family(): (name: string) => Queue
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
    // While Redis is unreachable, a command fails at once, and the reconcile task later finds the rows without a
    // message. Commands that wait in memory would be lost if this process died.
    enableOfflineQueue: false,
    enableAutoPipelining: true, // the commands of one tick are one write
    retryStrategy: attempt => Math.min(attempt * 100, 2000),
  })
  redis.setMaxListeners(0) // each queue and worker of the tasks listens to this connection
  let unreachable = false
  redis.on('error', error => {
    if (!unreachable) log.warn({ problem: error.message }, 'Redis cannot be reached; jobs stay queued in PostgreSQL')
    unreachable = true
  })
  redis.on('ready', () => {
    if (unreachable) log.info('Redis is reachable again')
    unreachable = false
  })
  // If Redis is unreachable, a worker must wait for it. The commands of the client above fail at once instead, so each
  // worker has its own connection.
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
  pool.setMaxListeners(0) // each queue and worker of the tasks listens to this pool
  // Without these listeners, a broken connection would end the process. BullMQ receives the error of its own query.
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

/** Creates BullMQ's tables in their own schema. */
async function migrateSchema(connectionString: string): Promise<void> {
  const connection = { connectionString, max: 1, schema, migrate: true }
  const queue = new Queue('tasks', { connection } as never, createPostgresBackend as never)
  await queue.waitUntilReady()
  await queue.close()
}

function makers({ connection, factory }: Backend, log: Logger, blocking: ConnectionOptions = connection) {
  // The listeners above already log a broken connection. But without this listener, Node would end the process.
  const logError = (error: Error) => log.debug({ problem: error.message }, 'BullMQ')
  const backendOptions = { connection, prefix } as QueueBaseOptions
  // BullMQ's types have the backend as a type parameter. The casts hide this parameter from all other files.
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
    family() {
      const shared = factory('hosts', backendOptions, {})
      shared.on('error', logError)
      const options = { connection, prefix, defaultJobOptions: messageOptions, streams: { events: { maxLen: 0 } } }
      return (name: string) => new Queue(name, options, () => shared.forQueue(name, prefix)) as unknown as Queue
    },
  }
}

/** BullMQ deletes each finished message, because the state of the work is in the rows of the database. */
const messageOptions = { removeOnComplete: true, removeOnFail: true }

/**
 * BullMQ renews this lock while a task runs. If a server is killed, the lock expires after this time. Then another
 * server takes over the task at its next check for stalled tasks.
 */
const taskLockMs = 10_000

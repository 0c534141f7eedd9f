import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'

/**
 * Sends wake-ups to long polls and live pages. With Redis, a wake-up reaches every server. Without Redis, it reaches
 * only this process. A wake-up can be lost, so each subscriber also queries the farm after some time.
 */
export interface Bus {
  publish(topic: string, message?: string): void
  /** Calls the listener for each message of a topic. Returns a function that ends the subscription. */
  subscribe(topic: string, listener: (message: string) => void): () => void
  close(): Promise<void>
}

export const topics = {
  /** A host has a job to claim. */
  host: (hostId: number) => `host ${hostId}`,
  /** An attempt's log has grown, or its state has changed. */
  attempt: (attempt: string) => `attempt ${attempt}`,
  /** The content of the matrix has changed. */
  matrix: 'matrix',
  /** Somebody views an attempt's log now. The message is the name of the attempt. */
  viewed: 'viewed',
  /** A host was removed from the farm. */
  hostRemoved: 'host-removed',
  /** The cached data of an attempt are out of date. The message is the name of the attempt. */
  revoked: 'revoked',
} as const

/** Opens a bus over Redis, or within this process if the farm has no Redis. */
export const openBus = (redis: Redis | undefined): Bus => (redis ? redisBus(redis) : localBus())

export function localBus(): Bus {
  const emitter = new EventEmitter().setMaxListeners(0)
  return {
    publish: (topic, message = '') => void emitter.emit(topic, message),
    subscribe(topic, listener) {
      emitter.on(topic, listener)
      return () => void emitter.off(topic, listener)
    },
    close: async () => void emitter.removeAllListeners(),
  }
}

const channel = 'rumpfarm'

/**
 * The process has one subscription in Redis, because a subscription for each waiting host would need a thousand
 * connections. The messages of this process reach its own subscribers directly, not through Redis.
 */
function redisBus(publisher: Redis): Bus {
  const local = localBus()
  const self = randomUUID()
  const others = batches(text => publisher.publish(channel, `${self}\n${text}`))
  // While Redis is unreachable, the commands of `publisher` fail at once. The subscription must wait for Redis instead.
  const subscriber = publisher.duplicate({ enableOfflineQueue: true })
  subscriber.on('error', () => {}) // queues.ts reports that Redis is unreachable, and ioredis reconnects
  subscriber.on('message', (_channel: string, text: string) => {
    if (text.startsWith(self)) return
    const [, ...messages] = text.split('\n')
    for (const each of messages) {
      const [topic = '', message] = each.split('\t')
      local.publish(topic, message)
    }
  })
  subscriber.subscribe(channel).catch(() => {}) // not awaited: a server also starts without Redis
  return {
    ...local,
    publish(topic, message = '') {
      local.publish(topic, message)
      others.add(`${topic}\t${message}`)
    },
    async close() {
      subscriber.disconnect()
      await local.close()
    },
  }
}

/** At most this many messages wait for Redis. If there are more, the server drops all of them. */
const pendingMax = 10_000

/**
 * Sends one batch of messages at a time. The messages that arrive meanwhile form the next batch, without duplicates. A
 * trivial job causes seven messages, so without batches a busy farm would send Redis seven requests for each job.
 */
function batches(send: (text: string) => Promise<unknown>) {
  const pending = new Set<string>()
  let sending = false
  const sendAll = async () => {
    sending = true
    while (pending.size > 0) {
      const text = [...pending].join('\n')
      pending.clear()
      await send(text).catch(() => {}) // a lost wake-up costs a few seconds: see ARCHITECTURE.md
    }
    sending = false
  }
  return {
    add(text: string) {
      if (pending.size >= pendingMax) pending.clear()
      pending.add(text)
      if (!sending) void sendAll()
    },
  }
}

import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'

/**
 * Wake-ups for long polls and live pages. With Redis they reach every server, otherwise this process. A message can be
 * lost, so each subscriber also queries the farm after some time.
 */
export interface Bus {
  publish(topic: string, message?: string): void
  /** Calls the listener for each message of a topic, until the returned function is called. */
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
  /** Somebody views an attempt's log now. The message is the attempt. */
  viewed: 'viewed',
  /** A host was removed from the farm. */
  hostRemoved: 'host-removed',
  /** The cached data of an attempt are out of date. The message is the attempt. */
  revoked: 'revoked',
} as const

/** Over Redis if there is one. */
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
 * One subscription for the whole process: one for each waiting host would be a thousand connections. Messages of this
 * process reach its own subscribers directly, not through Redis.
 */
function redisBus(publisher: Redis): Bus {
  const local = localBus()
  const self = randomUUID()
  const others = batches(text => publisher.publish(channel, `${self}\n${text}`))
  // The publisher's commands fail at once while Redis is unreachable; the subscription must wait until Redis is back.
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

/** While Redis is unreachable, at most this many messages are kept; then all of them are dropped. */
const pendingMax = 10_000

/**
 * Sends messages in batches, one batch at a time. Messages that arrive during a batch form the next one, without
 * duplicates: a trivial job causes seven messages, and a busy farm would send seven requests for them.
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

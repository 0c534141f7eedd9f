import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'

/**
 * Wake-ups for long polls and live pages: over Redis where several servers share one, else within this process. A message
 * may be lost; whoever waits also asks the farm again after a while.
 */
export interface Bus {
  publish(topic: string, message?: string): void
  /** Hears a topic until the returned function is called. */
  subscribe(topic: string, listener: (message: string) => void): () => void
  close(): Promise<void>
}

export const topics = {
  /** A host has something to claim. */
  host: (hostId: number) => `host ${hostId}`,
  /** An attempt's log grew, or its state changed. */
  attempt: (attempt: string) => `attempt ${attempt}`,
  /** Something that the matrix shows changed. */
  matrix: 'matrix',
  /** Somebody looks at this attempt's log now: the message is the attempt. */
  watched: 'watched',
  /** A host left the farm. */
  hostRemoved: 'host-removed',
  /** What is cached of an attempt is no longer so: the message is the attempt. */
  revoked: 'revoked',
} as const

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
 * One subscription for the whole process: a connection for each waiting host would be a thousand. This process hears
 * itself at once, not by way of Redis.
 */
export async function redisBus(publisher: Redis): Promise<Bus> {
  const local = localBus()
  const self = randomUUID()
  const others = sender(text => publisher.publish(channel, `${self}\n${text}`))
  // The publisher's commands fail at once when Redis is away; this one command must wait until it is there.
  const subscriber = publisher.duplicate({ enableOfflineQueue: true })
  subscriber.on('error', () => {}) // the publisher's listener reports that Redis is away; ioredis comes back by itself
  subscriber.on('message', (_channel: string, text: string) => {
    if (text.startsWith(self)) return
    const [, ...told] = text.split('\n')
    for (const each of told) {
      const [topic = '', message] = each.split('\t')
      local.publish(topic, message)
    }
  })
  // Not awaited: a server starts without Redis, too.
  subscriber.subscribe(channel).catch(() => {})
  return {
    ...local,
    publish(topic, message = '') {
      local.publish(topic, message)
      others.tell(`${topic}\t${message}`)
    },
    async close() {
      subscriber.disconnect()
      await local.close()
    },
  }
}

/** While Redis is away what could not be told is kept up to here; then it is forgotten, as any message may be. */
const untoldMax = 10_000

/**
 * Sends texts one batch after the other: what is told while a batch is under way goes with the next, once, however often
 * it was told. A trivial job makes seven messages, and a busy farm sent seven requests for them.
 */
function sender(send: (text: string) => Promise<unknown>) {
  const untold = new Set<string>()
  let sending = false
  const sendAll = async () => {
    sending = true
    while (untold.size > 0) {
      const text = [...untold].join('\n')
      untold.clear()
      await send(text).catch(() => {})
    }
    sending = false
  }
  return {
    tell(text: string) {
      if (untold.size >= untoldMax) untold.clear()
      untold.add(text)
      if (!sending) void sendAll()
    },
  }
}

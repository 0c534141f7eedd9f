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

/** One subscription for the whole process: a connection for each waiting host would be a thousand. */
export async function redisBus(publisher: Redis): Promise<Bus> {
  const local = localBus()
  // The publisher's commands fail at once when Redis is away; this one command must wait until it is there.
  const subscriber = publisher.duplicate({ enableOfflineQueue: true })
  subscriber.on('error', () => {}) // the publisher's listener reports that Redis is away; ioredis comes back by itself
  subscriber.on('message', (_channel: string, text: string) => {
    const cut = text.indexOf('\n')
    local.publish(text.slice(0, cut), text.slice(cut + 1))
  })
  // Not awaited: a server starts without Redis, too.
  subscriber.subscribe(channel).catch(() => {})
  return {
    ...local,
    // Without Redis at least this process hears it: a cancel must not wait for a queue.
    publish: (topic, message = '') =>
      void publisher.publish(channel, `${topic}\n${message}`).catch(() => local.publish(topic, message)),
    async close() {
      subscriber.disconnect()
      await local.close()
    },
  }
}

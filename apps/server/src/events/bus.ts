import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { postgresWire } from './postgres-wire.ts'
import { redisWire } from './redis-wire.ts'
import { type OpenWire, peers } from './wire.ts'

/**
 * Sends wake-ups to long polls and live pages of every server, over Redis or over NOTIFY of PostgreSQL. A wake-up can be
 * lost, so each subscriber also queries the farm after some time.
 */
export interface Bus {
  publish(topic: string, message?: string): void
  /** Calls the listener for each message of a topic. Returns a function that ends the subscription. */
  subscribe(topic: string, listener: (message: string) => void): () => void
  /** Whether a message of this server has arrived within the last seconds. */
  hears(serverId: string): boolean
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

export interface OpenBus {
  /** The name of this server on the bus. */
  serverId: string
  redis: Redis | undefined
  /** PostgreSQL itself, if there is no Redis. A pooler cannot be used, because a subscription needs its own connection. */
  databaseUrl: string
  log: Logger
}

/** Opens the bus between the servers of the farm: over Redis, or over PostgreSQL if the farm has no Redis. */
export const openBus = ({ serverId, redis, databaseUrl, log }: OpenBus): Bus =>
  sharedBus(serverId, redis ? redisWire(redis) : postgresWire(databaseUrl, log))

/** A bus within this process. */
export function localBus(): Bus {
  const emitter = new EventEmitter().setMaxListeners(0)
  return {
    publish: (topic, message = '') => void emitter.emit(topic, message),
    subscribe(topic, listener) {
      emitter.on(topic, listener)
      return () => void emitter.off(topic, listener)
    },
    hears: () => false,
    close: async () => void emitter.removeAllListeners(),
  }
}

/** The messages of this process reach its own subscribers directly, not over the wire. */
export function sharedBus(self: string, openWire: OpenWire): Bus {
  const local = localBus()
  const others = peers(self, openWire, topics.matrix, (topic, message) => local.publish(topic, message))
  return {
    ...local,
    publish(topic, message = '') {
      local.publish(topic, message)
      others.send(topic, message)
    },
    hears: others.hears,
    async close() {
      await others.close()
      await local.close()
    },
  }
}

import type { Redis } from 'ioredis'
import type { OpenWire } from './wire.ts'

const channel = 'rumpfarm'

/** The process has one subscription in Redis, because one for each waiting host would need a thousand connections. */
export const redisWire =
  (publisher: Redis): OpenWire =>
  ({ received, ready }) => {
    // While Redis is unreachable, the commands of `publisher` fail at once. The subscription must wait for Redis instead.
    const subscriber = publisher.duplicate({ enableOfflineQueue: true })
    subscriber.on('error', () => {}) // queues.ts reports that Redis is unreachable, and ioredis reconnects
    subscriber.on('ready', ready)
    subscriber.on('message', (_channel: string, text: string) => received(text))
    subscriber.subscribe(channel).then(ready, () => {}) // not awaited: a server also starts without Redis
    return {
      bytesMax: 1_000_000,
      send: text => publisher.publish(channel, text),
      close: async () => subscriber.disconnect(),
    }
  }

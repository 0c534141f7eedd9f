import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { withTimeout } from '../timeout.ts'

/** Counts of clients that all servers of a farm share, in Redis. Each method rejects if Redis does not answer soon. */
export interface SharedCounts {
  /** Counts a request under this name, and returns the count of this minute and the time until the next. */
  request(name: string): Promise<{ count: number; leftMs: number }>
  /**
   * Sets how many live pages this server has for a client. Returns false, and changes nothing, if all servers together
   * would have more than `max`.
   */
  pages(client: string, own: number, max: number): Promise<boolean>
}

const windowMs = 60_000
/** The pages of a server count for this time, unless the server reports them again. */
export const pagesMs = 60_000
/** A request does not wait longer for Redis. */
const answerMs = 300
/** After a failure, requests do not wait for Redis for this time. */
const pauseMs = 2_000

const countRequest = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`

// A hash with a field for each server: the number of its pages, and the time until which they count. Redis's own clock
// decides, because the clocks of servers can differ.
const setPages = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local server, own, max, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if own == 0 then return redis.call('HDEL', KEYS[1], server) >= 0 and 1 end
local sum = own
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local count, till = string.match(fields[i + 1], '(%d+) (%d+)')
  if tonumber(till) < now then redis.call('HDEL', KEYS[1], fields[i])
  elseif fields[i] ~= server then sum = sum + tonumber(count) end
end
if sum > max then return 0 end
redis.call('HSET', KEYS[1], server, own .. ' ' .. (now + ttl))
redis.call('PEXPIRE', KEYS[1], ttl)
return 1`

/** The name of a client can contain its session, which Redis must not know. */
export const pagesKey = (client: string): string =>
  `rumpfarm:pages:${createHash('sha256').update(client).digest('base64url')}`

/** Opens the counts of a farm with Redis. `serverId` names this server in them. */
export function openSharedCounts(redis: Redis, serverId: string, log: Logger): SharedCounts {
  let pausedUntil = 0
  let away = false
  const ask = async (script: string, key: string, ...values: (string | number)[]): Promise<unknown> => {
    if (performance.now() < pausedUntil) throw new Error('Redis did not answer just now')
    try {
      const answer = await withTimeout(answerMs, redis.eval(script, 1, key, ...values))
      if (away) log.info('the servers count requests and live pages together again')
      away = false
      return answer
    } catch (error) {
      pausedUntil = performance.now() + pauseMs
      if (!away)
        log.warn(
          { problem: (error as Error).message },
          'Redis does not answer: each server limits requests and live pages by its own counts',
        )
      away = true
      throw error
    }
  }
  return {
    async request(name) {
      const [count, leftMs] = (await ask(countRequest, `rumpfarm:requests:${name}`, windowMs)) as [number, number]
      return { count, leftMs }
    },
    pages: async (client, own, max) => (await ask(setPages, pagesKey(client), serverId, own, max, pagesMs)) === 1,
  }
}

import type { Queue } from 'bullmq'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { Queues } from './queues.ts'

export interface QueuedAttempt {
  hostId: number
  attempt: string
}

/**
 * Each host has a queue with one message for each attempt that waits for the host. A message only says that the host
 * can claim: the rows of the database decide which attempt the host gets.
 */
export interface Dispatch {
  /**
   * Adds messages to the queues, except messages that are already there. Calls `sent` for each host when its messages
   * are in its queue. Rejects if the queue cannot be reached.
   */
  send(attempts: readonly QueuedAttempt[], sent?: (hostId: number) => void): Promise<void>
  /** Adds the messages that the queues do not have. Reads the queues only, if all messages are there. */
  sendMissing(attempts: readonly QueuedAttempt[]): Promise<void>
  /** Removes the messages of attempts that do not wait any more. A message that cannot be removed stays without effect. */
  remove(attempts: readonly QueuedAttempt[]): void
}

/**
 * The largest number of queues that stay open. A queue that was not used for the longest time is dropped first. A queue
 * is an object of 4 kB in memory, and has no connection. A host for which no attempt has waited has none.
 */
export const openMax = 20_000
/**
 * Messages are removed together after this time, so that ioredis writes their commands to Redis at once. A server that
 * ends earlier leaves them. They have no effect.
 */
const gatherMs = 20

export function openDispatch(queues: Pick<Queues, 'family'>, log: Logger): Dispatch {
  const family = queues.family()
  const open = new LRUCache<number, Queue>({ max: openMax })
  let unneeded: QueuedAttempt[] = []

  const queueOf = (hostId: number): Queue => {
    const known = open.get(hostId)
    if (known) return known
    const made = family(`host-${hostId}`)
    open.set(hostId, made)
    return made
  }

  const send: Dispatch['send'] = async (attempts, sent = () => {}) => {
    const sends = [...byHost(attempts)].map(async ([hostId, own]) => {
      await queueOf(hostId).addBulk(own.map(messageOf))
      sent(hostId)
    })
    await Promise.all(sends)
  }

  const removeAll = () => {
    const messages = unneeded
    unneeded = []
    for (const { hostId, attempt } of messages) {
      queueOf(hostId)
        .remove(attempt)
        .catch(error => log.debug({ problem: error.message }, 'the queue does not answer'))
    }
  }

  return {
    send,
    async sendMissing(attempts) {
      const known = await Promise.all(attempts.map(({ hostId, attempt }) => queueOf(hostId).getJob(attempt)))
      await send(attempts.filter((_, index) => !known[index]))
    },
    remove(attempts) {
      if (unneeded.length === 0) setTimeout(removeAll, gatherMs).unref()
      for (const attempt of attempts) unneeded.push(attempt)
    },
  }
}

function byHost(attempts: readonly QueuedAttempt[]): Map<number, QueuedAttempt[]> {
  const hosts = new Map<number, QueuedAttempt[]>()
  for (const attempt of attempts) {
    const own = hosts.get(attempt.hostId)
    if (own) own.push(attempt)
    else hosts.set(attempt.hostId, [attempt])
  }
  return hosts
}

const messageOf = ({ attempt }: QueuedAttempt) => ({ name: 'attempt', data: {}, opts: { jobId: attempt } })

import type { Job, Queue, Worker } from 'bullmq'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { withTimeout } from '../timeout.ts'
import type { Queues } from './queues.ts'
import { takeLockMs } from './queues.ts'

export interface QueuedAttempt {
  hostId: number
  attempt: string
}

/**
 * Each host has a queue. A message says that the host can claim an attempt. It only wakes the host: the rows of the
 * database decide which attempt the host gets.
 */
export interface Dispatch {
  /**
   * Adds messages to the queues, except messages that are already there. Calls `sent` for each host when its messages
   * are in its queue. Rejects if the queue cannot be reached.
   */
  send(attempts: readonly QueuedAttempt[], sent?: (hostId: number) => void): Promise<void>
  /** Takes the next message of a host. Returns undefined if there is none, or if the queue does not answer in time. */
  take(hostId: number): Promise<string | undefined>
  /** Removes messages that a dead server has left locked, so that they can be sent again. */
  releaseStuck(hostId: number): Promise<void>
  close(): Promise<void>
}

// If the queue does not answer, the request waits as if there were no work. The host claims again after at most 50 s.
const answerMsMax = 3_000
/** The largest number of queues that stay open. A queue is an object in memory, without its own connection. */
const openMax = 2_000

interface HostQueue {
  queue: Queue
  taker: Worker
}

export function openDispatch(queues: Queues, log: Logger): Dispatch {
  const open = new LRUCache<number, HostQueue>({ max: openMax, dispose: queue => void closeQueue(queue) })
  let token = 0

  const hostQueue = (hostId: number): HostQueue => {
    const known = open.get(hostId)
    if (known) return known
    const name = `host-${hostId}`
    const made = { queue: queues.queue(name), taker: queues.taker(name) }
    open.set(hostId, made)
    return made
  }

  const send: Dispatch['send'] = async (attempts, sent = () => {}) => {
    const sends = [...byHost(attempts)].map(async ([hostId, own]) => {
      await hostQueue(hostId).queue.addBulk(own.map(messageOf))
      sent(hostId)
    })
    await Promise.all(sends)
  }

  /** Returns a message to its queue, because the message arrived after the timeout. */
  const sendAgain = async (hostId: number, job: Job | undefined) => {
    if (job?.id !== undefined) await send([{ hostId, attempt: job.id }])
  }

  return {
    send,
    async take(hostId) {
      const taking = takeOne(hostQueue(hostId).taker, `take-${process.pid}-${++token}`)
      const job = await answered(taking, log)
      // If this fails, the reconcile task sends the message.
      if (!job) taking.then(late => sendAgain(hostId, late)).catch(() => {})
      return job?.id
    },
    async releaseStuck(hostId) {
      const { queue } = hostQueue(hostId)
      for (const job of await queue.getActive()) {
        if (Date.now() - (job.processedOn ?? 0) > takeLockMs) await job.remove()
      }
    },
    async close() {
      await Promise.allSettled([...open.values()].map(closeQueue))
    },
  }
}

async function takeOne(taker: Worker, token: string): Promise<Job | undefined> {
  const job = await taker.getNextJob(token, { block: false })
  // The message leaves the queue before the job is leased. If this process dies before the lease, the reconcile task
  // sends the message again.
  await job?.moveToCompleted(null, token, false)
  return job
}

async function answered<T>(work: Promise<T>, log: Logger): Promise<T | undefined> {
  try {
    return await withTimeout(answerMsMax, work)
  } catch (error) {
    log.debug({ problem: (error as Error).message }, 'the queue does not answer')
    return undefined
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

const closeQueue = ({ queue, taker }: HostQueue) => Promise.allSettled([taker.close(), queue.close()])

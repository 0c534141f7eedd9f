import type { Job, Queue, Worker } from 'bullmq'
import type { Logger } from 'pino'
import type { Queues } from './queues.ts'
import { takeLockMs } from './queues.ts'

export interface QueuedAttempt {
  hostId: number
  attempt: string
}

/** Messages that say "this attempt can be claimed", one queue a host. Advice: the attempt's row decides. */
export interface Dispatch {
  /**
   * Sends messages; one that exists already is not sent twice. `sent` is called for each host as soon as it has its own.
   * Fails when the queue cannot be reached.
   */
  send(attempts: readonly QueuedAttempt[], sent?: (hostId: number) => void): Promise<void>
  /** The host's next message, or undefined if there is none, or the queue does not answer in time. */
  take(hostId: number): Promise<string | undefined>
  /** Removes what takers that died left locked, so that it can be sent anew. */
  releaseStuck(hostId: number): Promise<void>
  close(): Promise<void>
}

// A host that waits for work asks again after at most 50 s, so a queue that is away costs no more than its absence.
const answerMsMax = 3_000
/** Queues kept open: an object each, no connection. */
const openMax = 2_000

interface HostQueue {
  queue: Queue
  taker: Worker
}

export function openDispatch(queues: Queues, log: Logger): Dispatch {
  const open = new Map<number, HostQueue>()
  let token = 0

  const hostQueue = (hostId: number): HostQueue => {
    const known = open.get(hostId)
    if (known) return known
    const [oldest] = open
    if (open.size >= openMax && oldest) void closeOne(open, oldest)
    const name = `host-${hostId}`
    const made = { queue: queues.queue(name), taker: queues.taker(name) }
    open.set(hostId, made)
    return made
  }

  const send: Dispatch['send'] = async (attempts, sent = () => {}) => {
    const sends = [...byHost(attempts)].map(async ([hostId, names]) => {
      await hostQueue(hostId).queue.addBulk(names.map(name => ({ name: 'attempt', data: {}, opts: { jobId: name } })))
      sent(hostId)
    })
    await Promise.all(sends)
  }

  /** Taken when nobody waited for it any more. */
  const sendAgain = async (hostId: number, job: Job | undefined) => {
    if (job?.id !== undefined) await send([{ hostId, attempt: job.id }])
  }

  return {
    send,
    async take(hostId) {
      const taking = takeOne(hostQueue(hostId).taker, `take-${process.pid}-${++token}`)
      const job = await answered(taking, log)
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
      await Promise.allSettled([...open].map(entry => closeOne(open, entry)))
    },
  }
}

async function takeOne(taker: Worker, token: string): Promise<Job | undefined> {
  const job = await taker.getNextJob(token, { block: false })
  // Completed before the row is touched: if this process dies in between, the reconcile task sends it anew.
  await job?.moveToCompleted(null, token, false)
  return job
}

async function answered<T>(work: Promise<T>, log: Logger): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), answerMsMax)
  })
  try {
    return await Promise.race([work, late])
  } catch (error) {
    log.debug({ problem: (error as Error).message }, 'the queue could not be asked')
    return undefined
  } finally {
    clearTimeout(timer)
    work.catch(() => {}) // it may still fail after it was too late
  }
}

function byHost(attempts: readonly QueuedAttempt[]): Map<number, string[]> {
  const hosts = new Map<number, string[]>()
  for (const { hostId, attempt } of attempts) {
    const names = hosts.get(hostId)
    if (names) names.push(attempt)
    else hosts.set(hostId, [attempt])
  }
  return hosts
}

async function closeOne(open: Map<number, HostQueue>, [hostId, { queue, taker }]: [number, HostQueue]): Promise<void> {
  open.delete(hostId)
  await Promise.allSettled([taker.close(), queue.close()])
}

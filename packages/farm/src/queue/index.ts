import type { Contexts } from '../context.ts'
import { expectationOf } from './expectation.ts'
import type { QueueLimit } from './queue-order.rule.ts'
import { findInQueue, type QueueFilter, readQueue } from './queue-query.ts'
import { listSuperseded } from './superseded.ts'

export type { Expectation } from './expectation.ts'
export type { QueueEntry } from './queue.rule.ts'
export type { QueueKind } from './queue-order.rule.ts'
export type { Queue, QueueFilter } from './queue-query.ts'
export type { SupersededJob } from './superseded.ts'
export type { WaitReason } from './why-waiting.rule.ts'

/** The jobs that wait or run, why they wait, and how long they usually take. */
export const queueMethods = ({ pages, listing }: Contexts) => ({
  /** `limit` is the number of jobs in the list. The counts have all jobs. */
  list: (filter: QueueFilter & { limit: QueueLimit }) => listing(() => readQueue(pages, filter)),
  /** The jobs of the last 24 hours that a newer build made unnecessary, newest first. */
  listSuperseded: (filter: QueueFilter & { limit: number }) => listing(() => listSuperseded(pages, filter)),
  find: (job: { id: number; host: string }) => findInQueue(pages, job),
  expectation: (jobId: number) => expectationOf(pages, jobId),
})

import type { Contexts } from '../context.ts'
import { expectationOf } from './expectation.ts'
import { findInQueue, type QueueFilter, readQueue } from './queue-query.ts'

export type { Expectation } from './expectation.ts'
export type { QueueEntry } from './queue.rule.ts'
export type { Queue, QueueFilter } from './queue-query.ts'
export type { WaitReason } from './why-waiting.rule.ts'

/** The jobs that wait or run, why they wait, and how long they usually take. */
export const queueMethods = ({ pages, listing }: Contexts) => ({
  list: (filter?: QueueFilter) => listing(() => readQueue(pages, filter)),
  find: (job: { id: number; host: string }) => findInQueue(pages, job),
  expectation: (jobId: number) => expectationOf(pages, jobId),
})

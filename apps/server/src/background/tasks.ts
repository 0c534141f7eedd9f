import { createHash } from 'node:crypto'
import { asTask } from '@rumpfarm/farm'
import type { Job, Queue } from 'bullmq'
import type { Logger } from 'pino'
import { farmTime } from '../farm-time.ts'
import { withTimeout } from '../timeout.ts'
import { openQueuedPages } from './queued-pages.ts'
import type { Queues } from './queues.ts'
import { type PeriodicTask, reconcileSeconds, schedule } from './schedule.ts'
import type { Task, TaskRequests, TaskServices } from './task.ts'
import { advanceBisections } from './tasks/bisect.ts'
import { deliverNotifications } from './tasks/deliver-notifications.ts'
import { examine } from './tasks/examine.ts'
import { examinePullRequest } from './tasks/examine-pull-request.ts'
import { look } from './tasks/look.ts'
import { prepareSources } from './tasks/prepare-sources.ts'
import { readBranches } from './tasks/read-branches.ts'
import { readRange } from './tasks/read-range.ts'
import { reconcile } from './tasks/reconcile.ts'
import { sendStatuses } from './tasks/send-statuses.ts'

/** The background tasks. BullMQ gives each task to the server that is free first. */
export interface Tasks {
  requests: TaskRequests
  close(): Promise<void>
}

/**
 * A server runs this many periodic tasks at the same time. A message can take a minute, and must not delay the other
 * tasks.
 */
const periodicAtOnce = 4
/** The source tasks have their own queue: a slow clone must delay neither other builds nor the periodic tasks. */
const sourcesAtOnce = 4
/** Reading a log of 10 MB takes about 0.2 s of a processor, and must not delay the requests of hosts. */
const examinationsAtOnce = 1
/** A receiver that does not answer must not delay the messages to the other receivers. */
const deliveriesAtOnce = 4
/** Messages that are due within this time share one request. */
const dueStepMs = 250
/** If the queue does not answer within this time, it counts as unreachable. */
const queueMsMax = 2_000

/** Starts the workers and the timers of the periodic tasks, and runs the reconcile task once. */
export function openTasks(queues: Queues, given: Omit<TaskServices, 'requests' | 'queuedPages'>): Tasks {
  const { log } = given
  const periodic = queues.queue('tasks')
  const sources = queues.queue('sources')
  const examinations = queues.queue('examinations')
  const statuses = queues.queue('statuses')
  const notifications = queues.queue('notifications')
  const services = {
    ...given,
    queuedPages: openQueuedPages(given.farm.attempts),
    requests: openRequests({ sources, examinations, statuses, notifications }, log),
  }
  const runPeriodic = (job: Job) =>
    runTask(
      services,
      job,
      schedule.find(({ name }) => name === job.name),
    )
  const runSources = (job: Job) =>
    runTask(services, job, { run: sourceTasks[job.name], everySeconds: reconcileSeconds })
  const runExamination = (job: Job) => runTask(services, job, { run: examine, everySeconds: reconcileSeconds })
  const runStatuses = (job: Job) => runTask(services, job, { run: sendStatuses, everySeconds: 5 })
  const runNotifications = (job: Job) => runTask(services, job, { run: deliverNotifications, everySeconds: 5 })
  const workers = [
    queues.worker('tasks', runPeriodic, periodicAtOnce),
    queues.worker('sources', runSources, sourcesAtOnce),
    queues.worker('examinations', runExamination, examinationsAtOnce),
    queues.worker('statuses', runStatuses, 1),
    queues.worker('notifications', runNotifications, deliveriesAtOnce),
  ]
  const timers = schedule.map(task =>
    setInterval(() => void requestPeriodic(services, periodic, task), task.everySeconds * 1000),
  )
  const reconcileNow = () => void asTask(() => reconcile(services, {})).catch(error => logUnreachable(log, error))
  queues.onReady(reconcileNow)
  reconcileNow()
  return {
    requests: services.requests,
    async close() {
      for (const timer of timers) clearInterval(timer)
      const closing = Promise.allSettled(
        [...workers, periodic, sources, examinations, statuses, notifications].map(part => part.close()),
      )
      // BullMQ's close waits for its connection. A lost connection may never come back, so the wait has a limit.
      const reachable = queues.redis === undefined || queues.redis.status === 'ready'
      await withTimeout(reachable ? 5_000 : 500, closing).catch(() => {})
    },
  }
}

const sourceTasks: Record<string, Task<never>> = {
  'prepare-sources': prepareSources,
  'read-branches': readBranches,
  'read-range': readRange,
  look,
  'advance-bisections': advanceBisections,
  'examine-pull-request': examinePullRequest,
}

/** BullMQ allows no colon in an id, and an address has some. */
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * A message's id contains the task and its subject. BullMQ ignores a second message with this id while the first
 * exists.
 */
function openRequests(
  queues: { sources: Queue; examinations: Queue; statuses: Queue; notifications: Queue },
  log: Logger,
): TaskRequests {
  const request = (queue: Queue, name: string, subject: string | number, data: object, delay = 0) =>
    void queue.add(name, data, { jobId: `${name}-${subject}`, delay }).catch(error => logUnreachable(log, error))
  return {
    prepareSources: buildId => request(queues.sources, 'prepare-sources', buildId, { buildId }),
    readBranches: project => request(queues.sources, 'read-branches', project, { project }),
    look: repository => request(queues.sources, 'look', hash(repository), { repository }),
    examine: attempt => request(queues.examinations, 'examine', attempt, { attempt }),
    examinePullRequest: id => request(queues.sources, 'examine-pull-request', id, { id }),
    sendStatuses: () => request(queues.statuses, 'send-statuses', 'all', {}),
    deliverNotifications: at => {
      const now = farmTime()
      // The step after the time. So a message that is written while a run of this step has begun requests a later run.
      const step = Math.floor(Math.max(at.getTime(), now) / dueStepMs) + 1
      request(queues.notifications, 'deliver-notifications', step, {}, step * dueStepMs - now)
    },
    advanceBisections: () => request(queues.sources, 'advance-bisections', 'all', {}),
    readRange: bisectionId => request(queues.sources, 'read-range', bisectionId, { bisectionId }),
  }
}

/**
 * Requests one run of the task for each period. The id of the message contains the period, so BullMQ ignores the
 * requests of the other servers. Each process has its own timers, because BullMQ would keep its schedule in Redis, and
 * Redis can lose all data (docs/decisions/0004).
 */
async function requestPeriodic(
  services: TaskServices,
  queue: Queue,
  { name, everySeconds, run, withoutQueue }: PeriodicTask,
): Promise<void> {
  const jobId = `${name}-${Math.floor(farmTime() / (everySeconds * 1000))}`
  try {
    await withTimeout(queueMsMax, queue.add(name, {}, { jobId }))
  } catch (error) {
    logUnreachable(services.log, error)
    if (withoutQueue === 'run')
      await asTask(() => run(services, {})).catch(error => logFailed(services.log, name, everySeconds, error))
  }
}

async function runTask(
  services: TaskServices,
  { name, data }: Job,
  task: { run: Task<never> | undefined; everySeconds: number } | undefined,
): Promise<void> {
  try {
    if (!task?.run) return // a message from another version of the farm may name an unknown task
    const { run } = task
    await asTask(() => run(services, data as never))
    services.metrics.task(name, 'ok')
  } catch (error) {
    services.metrics.task(name, 'failed')
    logFailed(services.log, name, task?.everySeconds ?? reconcileSeconds, error)
    throw error
  }
}

const logFailed = (log: Logger, task: string, seconds: number, error: unknown) =>
  log.error({ err: error, task }, `background task failed; retrying in ${seconds} s`)

const logUnreachable = (log: Logger, error: unknown) =>
  log.debug({ problem: (error as Error).message }, 'the queue cannot be reached')

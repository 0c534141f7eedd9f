import type { Mirrors } from '@rumpfarm/connectors'
import type { Farm, Watched } from '@rumpfarm/farm'
import type { Job } from 'bullmq'
import type { Logger } from 'pino'
import { type Bus, topics } from '../events/bus.ts'
import { withTimeout } from '../timeout.ts'
import type { Dispatch } from './dispatch.ts'
import type { Queues } from './queues.ts'
import { tellOwners } from './tasks/notify-owners.ts'
import { prepareSources } from './tasks/prepare-sources.ts'
import { placeLines } from './tasks/read-branches.ts'
import { reconcile } from './tasks/reconcile.ts'

/** Background work: BullMQ runs it, on whichever server is free. */
export interface Tasks {
  /** Asks for a build's sources. If the queue cannot be reached, reconcile asks again. */
  prepare(buildId: number): void
  /** Asks for the positions of a project's commits. If the queue cannot be reached, reconcile asks again. */
  place(project: string): void
  noteUnreachable: (error: unknown) => void
  /** Begins to work. Called when the farm's events have somewhere to go. */
  start(farm: Farm): void
  close(): Promise<void>
}

export interface ErrandParts {
  queues: Queues
  dispatch: Dispatch
  mirrors: Mirrors
  bus: Bus
  log: Logger
  publicUrl: string | undefined
}

/** How often leases are looked at, hosts watched, their owners told, and rows without a message looked for. */
const expireEveryMs = 5_000
const watchEveryMs = 5_000
const tellEveryMs = 5_000
const reconcileEveryMs = 10_000
const forgetEveryMs = 300_000

/** Telling an owner may take ten seconds, and must not hold up the others. */
const quickAtOnce = 4
/** A queue that does not answer for so long is away. */
const askMsMax = 2_000
/** A slow clone must not hold up other builds, nor leases: sources have a queue of their own. */
const sourcesAtOnce = 4

export function openTasks({ queues, dispatch, mirrors, bus, log, publicUrl }: ErrandParts): Tasks {
  const quick = queues.queue('tasks')
  const sources = queues.queue('sources')
  const noteUnreachable = (error: unknown) =>
    log.debug({ problem: (error as Error).message }, 'the queue cannot be reached')
  const timers: NodeJS.Timeout[] = []
  const closing: (() => Promise<unknown>)[] = [() => quick.close(), () => sources.close()]

  const prepare = (buildId: number) =>
    void sources.add('prepare', { buildId }, { jobId: `prepare-${buildId}` }).catch(noteUnreachable)

  const place = (project: string) =>
    void sources.add('place', { project }, { jobId: `place-${project}` }).catch(noteUnreachable)

  /**
   * One task for a span of time, whichever server asks first: the id carries the span. The clock is this process's, not
   * BullMQ's scheduler, because a schedule that lives in Redis is gone when Redis is emptied. Where the rows alone say what
   * is to be done, `otherwise` does it when the queue is away: twice is harmless, on two servers, too.
   */
  const every = (ms: number, name: string, otherwise: () => Promise<unknown> = async () => {}) => {
    const ask = async () => {
      const id = `${name}-${Math.floor(Date.now() / ms)}`
      await withTimeout(askMsMax, quick.add(name, {}, { jobId: id })).catch(async problem => {
        noteUnreachable(problem)
        await otherwise().catch(error => log.error({ err: error, task: name }, 'an task failed; it comes again'))
      })
    }
    timers.push(setInterval(() => void ask(), ms))
  }

  const repair = async (farm: Farm) => {
    await reconcile({ farm, dispatch, prepare, place, wake: hostId => bus.publish(topics.host(hostId)) })
  }

  const tellWhoFellSilent = ({ silent, back }: Watched) => {
    for (const host of silent) log.warn({ host }, 'host fell silent')
    for (const host of back) log.info({ host }, 'host is back')
  }

  return {
    prepare,
    place,
    noteUnreachable,
    start(farm) {
      const expire = () => farm.attempts.expireLeases()
      const watch = () => farm.hosts.checkSilence().then(tellWhoFellSilent)
      const tell = () => tellOwners({ farm, publicUrl, log })
      const run: Record<string, (job: Job) => Promise<unknown>> = {
        expire,
        watch,
        tell,
        reconcile: () => repair(farm),
        'forget-signed': () => farm.access.deleteOldSignedRuns(),
        prepare: job => prepareSources(farm, mirrors, job.data.buildId).then(project => project && place(project)),
        place: job => placeLines({ farm, mirrors, log }, job.data.project),
      }
      const runTask = async (job: Job) => {
        await run[job.name]?.(job).catch(error => {
          log.error({ err: error, task: job.name }, 'an task failed; it comes again')
          throw error
        })
      }
      const workers = [queues.worker('tasks', runTask, quickAtOnce), queues.worker('sources', runTask, sourcesAtOnce)]
      closing.unshift(...workers.map(worker => () => worker.close()))
      every(expireEveryMs, 'expire', expire)
      every(watchEveryMs, 'watch', watch)
      every(tellEveryMs, 'tell', tell)
      every(reconcileEveryMs, 'reconcile')
      every(forgetEveryMs, 'forget-signed')
      const repairNow = () => void repair(farm).catch(noteUnreachable)
      queues.onReady(repairNow)
      repairNow()
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      const reachable = queues.redis === undefined || queues.redis.status === 'ready'
      // BullMQ's close waits for its connection, which may never come back.
      await withTimeout(reachable ? 5_000 : 500, Promise.allSettled(closing.map(close => close()))).catch(() => {})
    },
  }
}

import type { Mirrors } from '@rumpfarm/connectors'
import type { Farm } from '@rumpfarm/farm'
import type { Job } from 'bullmq'
import type { Logger } from 'pino'
import { type Bus, topics } from '../bus.ts'
import type { Dispatch } from '../dispatch.ts'
import { prepareSources } from './prepare-sources.ts'
import type { Queues } from './queues.ts'
import { reconcile } from './reconcile.ts'

/** Background work: BullMQ runs it, on whichever server is free. */
export interface Errands {
  /** Asks for a build's sources. If the queue cannot be reached, reconcile asks again. */
  prepare(buildId: number): void
  noteUnreachable: (error: unknown) => void
  /** Begins to work. Called when the farm's announcements have somewhere to go. */
  start(farm: Farm): void
  close(): Promise<void>
}

export interface ErrandParts {
  queues: Queues
  dispatch: Dispatch
  mirrors: Mirrors
  bus: Bus
  log: Logger
}

/** How often leases are looked at, and rows without a message looked for. */
const expireEveryMs = 5_000
const reconcileEveryMs = 10_000
const forgetEveryMs = 300_000

/** A slow clone must not hold up other builds, nor leases: sources have a queue of their own. */
const sourcesAtOnce = 4

export function openErrands({ queues, dispatch, mirrors, bus, log }: ErrandParts): Errands {
  const quick = queues.queue('errands')
  const sources = queues.queue('sources')
  const noteUnreachable = (error: unknown) =>
    log.debug({ problem: (error as Error).message }, 'the queue cannot be reached')
  const timers: NodeJS.Timeout[] = []
  const closing: (() => Promise<unknown>)[] = [() => quick.close(), () => sources.close()]

  const prepare = (buildId: number) =>
    void sources.add('prepare', { buildId }, { jobId: `prepare-${buildId}` }).catch(noteUnreachable)

  /**
   * One errand for a span of time, whichever server asks first: the id carries the span. The clock is this process's, not
   * BullMQ's scheduler, because a schedule that lives in Redis is gone when Redis is emptied.
   */
  const every = (ms: number, name: string) => {
    const ask = () =>
      void quick.add(name, {}, { jobId: `${name}-${Math.floor(Date.now() / ms)}` }).catch(noteUnreachable)
    timers.push(setInterval(ask, ms))
  }

  const repair = async (farm: Farm) => {
    await reconcile({ farm, dispatch, prepare, wake: hostId => bus.publish(topics.host(hostId)) })
  }

  return {
    prepare,
    noteUnreachable,
    start(farm) {
      const run: Record<string, (job: Job) => Promise<unknown>> = {
        expire: () => farm.expireLeases(),
        reconcile: () => repair(farm),
        'forget-signed': () => farm.forgetSignedRuns(),
        prepare: job => prepareSources(farm, mirrors, job.data.buildId),
      }
      const runErrand = async (job: Job) => {
        await run[job.name]?.(job).catch(error => {
          log.error({ err: error, errand: job.name }, 'an errand failed; it comes again')
          throw error
        })
      }
      const workers = [queues.worker('errands', runErrand, 2), queues.worker('sources', runErrand, sourcesAtOnce)]
      closing.unshift(...workers.map(worker => () => worker.close()))
      every(expireEveryMs, 'expire')
      every(reconcileEveryMs, 'reconcile')
      every(forgetEveryMs, 'forget-signed')
      const repairNow = () => void repair(farm).catch(noteUnreachable)
      queues.onReady(repairNow)
      repairNow()
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      const reachable = queues.redis === undefined || queues.redis.status === 'ready'
      await Promise.race([Promise.allSettled(closing.map(close => close())), patience(reachable ? 5_000 : 500)])
    },
  }
}

/** BullMQ's close waits for its connection, which may be away for good. */
const patience = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms).unref())

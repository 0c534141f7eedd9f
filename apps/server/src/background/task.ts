import type { Mirrors } from '@rumpfarm/connectors'
import type { Farm } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import type { Bus } from '../events/bus.ts'
import type { Dispatch } from './dispatch.ts'

/** Work for the background. Any server may run it, and running it twice changes nothing. */
export type Task<Data = unknown> = (services: TaskServices, data: Data) => Promise<void>

export interface TaskServices {
  farm: Farm
  mirrors: Mirrors
  dispatch: Dispatch
  bus: Bus
  requests: TaskRequests
  /** The farm's address for people; undefined if the operator has not set it. */
  publicUrl: string | undefined
  log: Logger
}

/** Requests a task. If the queue cannot be reached, the reconcile task requests it again. */
export interface TaskRequests {
  prepareSources(buildId: number): void
  readBranches(project: string): void
}

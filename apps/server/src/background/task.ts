import type { Mirrors, Notifiers, StatusSender, Uploads } from '@rumpfarm/connectors'
import type { Farm } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import type { Bus } from '../events/bus.ts'
import type { Counts } from '../metrics/counts.ts'
import type { DeliveryWork } from '../trigger/delivery-work.ts'
import type { Dispatch } from './dispatch.ts'
import type { QueuedPages } from './queued-pages.ts'

/** A background task. Any server may run it, and a second run changes nothing. */
export type Task<Data = unknown> = (services: TaskServices, data: Data) => Promise<void>

export interface TaskServices {
  farm: Farm
  mirrors: Mirrors
  uploads: Uploads
  dispatch: Dispatch
  queuedPages: QueuedPages
  bus: Bus
  requests: TaskRequests
  /** Counts what the tasks of this server did. */
  metrics: Pick<Counts, 'task' | 'delivery'>
  /** Sends the statuses of commits to the forges. */
  statusSender: StatusSender
  /** The values of the variables whose names farm.yaml can contain, such as STATUS_GITHUB. */
  namedSecrets: ReadonlyMap<string, string>
  /** PUBLIC_URL, the farm's address for browsers; undefined if the operator has not set it. */
  publicUrl: string | undefined
  notifiers: Notifiers
  /** Handles webhooks that no server has finished. */
  deliveryWork: DeliveryWork
  log: Logger
}

/** Requests a task. If the queue cannot be reached, the reconcile task requests it again. */
export interface TaskRequests {
  prepareSources(buildId: number): void
  readBranches(project: string): void
  /** Looks at the branches and tags of a repository. */
  look(repository: string): void
  examine(attempt: string): void
  /** Reads the newest commit of a pull request, and builds it if the farm may. */
  examinePullRequest(id: number): void
  sendStatuses(): void
  /** Sends the messages of the outbox at this time. */
  deliverNotifications(at: Date): void
  /** Takes the next step of each open bisection. */
  advanceBisections(): void
  /** Reads the commits that a bisection searches. */
  readRange(bisectionId: number): void
}

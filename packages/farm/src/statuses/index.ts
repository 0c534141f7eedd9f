import type { Contexts } from '../context.ts'
import {
  type DueStatus,
  markStatusFailed,
  markStatusSent,
  nextStatusAt,
  type StatusFailure,
  takeDueStatuses,
} from './deliver.ts'
import { deriveStatuses } from './derive.ts'
import { listStatuses, retryStatuses } from './status-queries.ts'

export type { DueStatus, StatusFailure } from './deliver.ts'
export type { StatusView } from './status-queries.ts'

/** The statuses of commits that forges show. */
export const statusMethods = ({ main, pages }: Contexts) => ({
  /** Computes the wanted statuses of the commits whose builds changed. Returns how many commits it computed. */
  derive: () => deriveStatuses(main),
  /** Takes at most one status for each API. Record the outcome with `markSent` or `markFailed`. */
  takeDue: () => takeDueStatuses(main),
  markSent: (status: DueStatus) => markStatusSent(main, status),
  markFailed: (status: DueStatus, failure: StatusFailure) => markStatusFailed(main, status, failure),
  /** When the next status can be sent; undefined if none waits. */
  nextAt: () => nextStatusAt(main),
  /** Sends the given-up statuses of a project again. Returns how many. */
  retry: (project: string) => retryStatuses(main, project),

  list: (project: string, limit: number) => listStatuses(pages, project, limit),
})

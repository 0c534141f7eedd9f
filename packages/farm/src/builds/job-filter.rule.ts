import { attemptStates, verdicts } from '@rumpfarm/contracts'

export interface JobFilter {
  id?: number | undefined
  buildId?: number | undefined
  project?: string | undefined
  host?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
  /** Only jobs with this status: `active`, a state or a verdict. */
  status?: string | undefined
  /** The cursor: the list has only jobs with a smaller id. */
  before?: number | undefined
  limit: number
}

/** Each of these filters has an index of its own (`ended_jobs_of_host` and so on). */
const exclusive = ['host', 'arch', 'variant'] as const

/**
 * Why the farm does not offer this combination of filters, for the person who gets the message; undefined if it does. The
 * farm offers only combinations that an index answers, because the cost of others grows with the history.
 */
export function refuseJobFilter(filter: Omit<JobFilter, 'limit'>): string | undefined {
  if (filter.id !== undefined || filter.buildId !== undefined) return undefined
  const given = exclusive.filter(name => filter[name] !== undefined)
  if (given.length <= 1) return undefined
  return (
    `the filters ${given.join(' and ')} do not go together, because no index answers this combination. ` +
    'Use only one of host, arch and variant; project and status go with each of them. With build, all filters go together.'
  )
}

/** A status of the filter: which ended jobs it wants, and which open attempts. */
export interface WantedStatuses {
  /** Values of `Job.status`. */
  ended: readonly string[]
  /** States of attempts that have not ended; empty for none. */
  open: readonly string[]
}

const openStates = attemptStates.filter(state => state !== 'finished')

export function wantedStatuses(status: string | undefined): WantedStatuses {
  if (status === undefined) return { ended: verdicts, open: openStates }
  if (status === 'active') return { ended: [], open: openStates }
  if (status === 'finished') return { ended: verdicts, open: [] }
  if (openStates.some(state => state === status)) return { ended: [], open: [status] }
  return { ended: [status], open: [] }
}

/** Whether the filter wants only jobs that have not ended. */
export const wantsOnlyOpen = ({ status }: Pick<JobFilter, 'status'>): boolean =>
  wantedStatuses(status).ended.length === 0

import type { JobSummary } from '@rumpfarm/farm'

/** A longer table needs most of the time that the server needs for the page. The grid has a link to each job. */
export const tableJobsMax = 100

type EndedOrOpen = Pick<JobSummary, 'state' | 'verdict'>

/**
 * The jobs in the table of a build, at most `tableJobsMax`. If a build has more jobs, the jobs that ended without a pass
 * are first, and the passed jobs are last.
 */
export const tableJobs = <Job extends EndedOrOpen>(jobs: readonly Job[]): readonly Job[] =>
  jobs.length <= tableJobsMax ? jobs : jobs.toSorted((one, other) => rankOf(one) - rankOf(other)).slice(0, tableJobsMax)

const rankOf = ({ state, verdict }: EndedOrOpen): number => (state !== 'finished' ? 1 : verdict === 'passed' ? 2 : 0)

import type { SupersededJob } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { segment } from '../../components/escape.ts'
import { HostLink } from '../../components/host-link.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'

/** The table has at most this many jobs. */
export const supersededMax = 50

interface Props {
  /** At most one more than `supersededMax`. */
  jobs: readonly SupersededJob[]
  at: Date
}

/** The jobs of the last 24 hours that a newer build made unnecessary. */
export function Superseded({ jobs, at }: Props) {
  if (jobs.length === 0) return null
  const shown = jobs.slice(0, supersededMax)
  const label = 'Jobs that a newer build made unnecessary, newest first'
  return (
    <details>
      <summary>
        {jobs.length > supersededMax ? `More than ${counted(supersededMax, 'job')}` : counted(jobs.length, 'job')} of
        the last 24 hours that a newer build made unnecessary
      </summary>
      <p>
        On slow hosts, only the newest commit of a cell and branch waits (<code>coalesce</code> in farm.yaml). With{' '}
        <code>cancel-superseded</code>, the farm also cancels running jobs. A newer commit of a pull request cancels the
        jobs of the older one.
      </p>
      <ScrollFrame label={label}>
        <table class="list queue">
          <caption class="hidden-text">{label}</caption>
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">Project</th>
              <th scope="col">Host</th>
              <th scope="col">Architecture</th>
              <th scope="col">Cancelled</th>
              <th scope="col">Reason</th>
              <th scope="col">Newer build</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(job => (
              <tr>
                <th scope="row">
                  <Link to={`/jobs/${job.jobId}`}>#{job.jobId}</Link>
                </th>
                <td>
                  <Link to={`/projects/${segment(job.project)}`}>{job.project}</Link>{' '}
                  {job.branch !== null && <span class="branch">{job.branch}</span>}{' '}
                  <Link to={`/builds/${job.buildId}`}>build {job.buildId}</Link>
                </td>
                <td>
                  <HostLink name={job.host} />
                </td>
                <td>
                  {job.arch} {job.variant === 'default' ? '' : job.variant}
                </td>
                <td>
                  <Ago from={job.at} at={at} />
                </td>
                <td>{reasonOf(job)}</td>
                <td data-label="Newer build">
                  {job.byBuildId === null ? 'none yet' : <Link to={`/builds/${job.byBuildId}`}>{job.byBuildId}</Link>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
    </details>
  )
}

function reasonOf({ state, verdict, detail }: SupersededJob): string {
  if (state !== 'finished') return 'its host cancels it now'
  if (verdict !== 'cancelled') return `ended before its host cancelled it: ${verdict}`
  return detail ?? 'a newer build'
}

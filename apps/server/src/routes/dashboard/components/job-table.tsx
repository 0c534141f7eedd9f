import type { JobSummary } from '@rumpfarm/farm'
import { Ago } from './ago.tsx'
import { attemptMilliseconds } from './attempt-time.ts'
import { HostLink } from './host-link.tsx'
import { Link } from './links.tsx'
import { statusLabel, statusOf } from './status.ts'
import { duration } from './times.ts'

export interface JobTableProps {
  jobs: readonly JobSummary[]
  at: Date
  caption: string
  /** The page of a build leaves out the build in each row, and the page of a host leaves out the host. */
  leaveOut: 'build' | 'host'
}

export function JobTable({ jobs, at, caption, leaveOut }: JobTableProps) {
  return (
    <table class="list">
      <caption class="hidden-text">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Job</th>
          {leaveOut === 'host' ? (
            <>
              <th scope="col">Build</th>
              <th scope="col">Project</th>
            </>
          ) : (
            <th scope="col">Host</th>
          )}
          <th scope="col">Architecture</th>
          <th scope="col">Status</th>
          <th scope="col">Steps</th>
          <th scope="col">Duration</th>
          <th scope="col">Finished</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map(job => (
          <JobRow job={job} at={at} leaveOut={leaveOut} />
        ))}
      </tbody>
    </table>
  )
}

function JobRow({ job, at, leaveOut }: { job: JobSummary; at: Date; leaveOut: 'build' | 'host' }) {
  const status = statusOf(job)
  const step = job.state === 'finished' && job.verdict !== 'passed' ? job.failedStep : null
  const milliseconds = attemptMilliseconds(job, at)
  return (
    <tr>
      <th scope="row">
        <Link to={`/jobs/${job.id}`}>#{job.id}</Link>
      </th>
      {leaveOut === 'host' ? <BuildCells job={job} /> : <HostCell job={job} />}
      <td>
        {job.arch} {job.variant === 'default' ? '' : job.variant}
      </td>
      <td>
        <Link class={`mark ${status}`} to={`/jobs/${job.id}`}>
          {statusLabel[status]}
          {step === null ? '' : ` at ${step}`}
        </Link>
      </td>
      <td>
        <small>{job.steps.map(({ name, milliseconds }) => `${name} ${duration(milliseconds)}`).join(' · ')}</small>
      </td>
      <td>{milliseconds === undefined ? '' : duration(milliseconds)}</td>
      <td>{job.finishedAt && <Ago from={job.finishedAt} at={at} />} </td>
    </tr>
  )
}

const BuildCells = ({ job: { buildId, project } }: { job: JobSummary }) => (
  <>
    <td>
      <Link to={`/builds/${buildId}`}>build {buildId}</Link>
    </td>
    <td>{project}</td>
  </>
)

const HostCell = ({ job: { host } }: { job: JobSummary }) => (
  <td>
    <HostLink name={host} />
  </td>
)

import type { BuildSummary, JobSummary } from '@rumpfarm/farm'
import type { ComponentChildren } from 'preact'
import { tookMs } from './attempt-words.ts'
import { segment } from './html.ts'
import { Ago, Mark } from './layout.tsx'
import { A } from './links.tsx'
import { duration } from './times.ts'
import { type Status, shortCommit, statuses, statusOf, wordOf } from './verdict-words.ts'

/** What is known of something, each with its name; what is empty is left out. `children` are rows of another form. */
export function Facts({ rows, children }: { rows: [string, string][]; children?: ComponentChildren }) {
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      {children}
    </dl>
  )
}

/** How a build's jobs stand, in the order in which they want to be seen. */
export function Counts({ counts }: { counts: BuildSummary['counts'] }) {
  const shown = statuses.filter(
    (status): status is Exclude<Status, 'never' | 'prevented' | 'known'> =>
      status !== 'never' && status !== 'prevented' && status !== 'known',
  )
  return (
    <>
      {shown.map(status => {
        const count = counts[status]
        return count ? (
          <>
            <Mark status={status}>
              {count} {wordOf[status]}
            </Mark>{' '}
          </>
        ) : null
      })}
    </>
  )
}

/** A host in a table. The column has a limit, so the title holds the whole name. */
export const HostLink = ({ name }: { name: string }) => (
  <A class="host" to={`/hosts/${segment(name)}`} title={name}>
    {name}
  </A>
)

export function BuildTable({ builds, at, caption }: { builds: readonly BuildSummary[]; at: Date; caption: string }) {
  return (
    <table class="list">
      <caption class="vh">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Build</th>
          <th scope="col">Project</th>
          <th scope="col">Commit</th>
          <th scope="col">Jobs</th>
          <th scope="col">Age</th>
        </tr>
      </thead>
      <tbody>
        {builds.map(build => (
          <tr>
            <th scope="row">
              <A to={`/builds/${build.id}`}>#{build.id}</A>
            </th>
            <td>
              <A to={`/projects/${segment(build.project)}`}>{build.project}</A>
            </td>
            <td>
              <CommitLine build={build} />
            </td>
            <td>
              {build.sources === 'failed' ? <Mark status="broken">no sources</Mark> : <Counts counts={build.counts} />}
            </td>
            <td>
              <Ago from={build.createdAt} at={at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function CommitLine({ build }: { build: Pick<BuildSummary, 'commit' | 'branch' | 'subject' | 'author'> }) {
  const { commit, branch, subject, author } = build
  return (
    <>
      <code title={commit}>{shortCommit(commit)}</code> {branch !== null && <span class="branch">{branch}</span>}{' '}
      {subject ?? ''} {author !== null && <small>{author}</small>}
    </>
  )
}

export interface JobTableProps {
  jobs: readonly JobSummary[]
  at: Date
  caption: string
  /** A build's page names the build once, a host's page the host. */
  leaveOut: 'build' | 'host'
}

export function JobTable({ jobs, at, caption, leaveOut }: JobTableProps) {
  return (
    <table class="list jobs">
      <caption class="vh">{caption}</caption>
      <thead>
        <tr>
          {leaveOut === 'host' ? (
            <>
              <th scope="col">Build</th>
              <th scope="col">Project</th>
            </>
          ) : (
            <th scope="col">Host</th>
          )}
          <th scope="col">For</th>
          <th scope="col">Result</th>
          <th scope="col">Steps</th>
          <th scope="col">Took</th>
          <th scope="col">Ended</th>
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
  return (
    <tr>
      {leaveOut === 'host' ? (
        <>
          <th scope="row">
            <A to={`/builds/${job.buildId}`}>#{job.buildId}</A>
          </th>
          <td>{job.project}</td>
        </>
      ) : (
        <th scope="row">
          <HostLink name={job.host} />
        </th>
      )}
      <td>
        {job.arch} {job.variant === 'default' ? '' : job.variant}
      </td>
      <td>
        <A class={`mark ${status}`} to={`/jobs/${job.id}`}>
          {wordOf[status]}
          {step === null ? '' : ` at ${step}`}
        </A>
      </td>
      <td>
        <small>{job.steps.map(({ name, milliseconds }) => `${name} ${duration(milliseconds)}`).join(' · ')}</small>
      </td>
      <td>{took(job, at)}</td>
      <td>{job.finishedAt && <Ago from={job.finishedAt} at={at} />}</td>
    </tr>
  )
}

function took(job: JobSummary, at: Date): string {
  const milliseconds = tookMs(job, at)
  return milliseconds === undefined ? '' : duration(milliseconds)
}

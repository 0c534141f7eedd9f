import type { Queue, QueueEntry, QueueKind, SupersededJob } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { segment } from '../../components/escape.ts'
import { EndTime, StartTime } from '../../components/estimate.tsx'
import { HostLink } from '../../components/host-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'
import { WaitText } from '../../components/wait-text.tsx'
import type { Visit } from '../../visit.ts'
import { QueueFilter } from './filter.tsx'
import { Superseded } from './superseded.tsx'

/** Each table of the page shows at most this many jobs. */
export const shownMax = 100

export interface QueuePage {
  visit: Visit
  queue: Queue
  /** The newest jobs that a newer build made unnecessary. */
  superseded: readonly SupersededJob[]
  filter: { host: string | undefined; project: string | undefined }
}

export function renderQueuePage({ visit, queue, superseded, filter }: QueuePage): string {
  const { waiting, blocked, running } = queue.counts
  const jobsOf = (kind: QueueKind) => ({
    jobs: queue.jobs.filter(job => job.kind === kind),
    kind,
    count: queue.counts[kind],
  })
  return renderPage({
    title: 'Queue',
    visit,
    live: true,
    reloadSeconds: waiting + blocked + running > 0 ? 15 : undefined,
    children: (
      <>
        <h1>Queue</h1>
        <QueueFilter queue={queue} filter={filter} />
        {!queue.complete && (
          <p class="banner">The farm has more jobs than this page can show. Select a host to see its jobs.</p>
        )}
        <h2>{counted(waiting, 'waiting job')}</h2>
        {waiting > 0 && (
          <p>
            A host runs first what a person requested, then pushes, schedules and bisections. Projects take turns, and
            the newest build of a project comes first.
          </p>
        )}
        {waiting === 0 ? (
          <p class="empty">No job waits for a free host.</p>
        ) : (
          <Jobs {...jobsOf('waiting')} at={visit.at} />
        )}
        {blocked > 0 && (
          <>
            <h2>{counted(blocked, 'blocked job')}</h2>
            <p class="empty">
              The farm cannot estimate when these jobs start, for example because their host is silent or paused.
            </p>
            <Jobs {...jobsOf('blocked')} at={visit.at} />
          </>
        )}
        <h2>{counted(running, 'running job')}</h2>
        {running === 0 ? <p class="empty">No job runs.</p> : <Jobs {...jobsOf('running')} at={visit.at} />}
        <Superseded jobs={superseded} at={visit.at} />
        <p>
          <Link to={`/lost${filter.project === undefined ? '' : `?project=${segment(filter.project)}`}`}>
            Lost jobs
          </Link>
        </p>
      </>
    ),
  })
}

interface JobsProps {
  /** The first jobs of this kind. */
  jobs: readonly QueueEntry[]
  /** How many jobs of this kind the queue has. */
  count: number
  at: Date
  kind: QueueKind
}

const labels = {
  waiting: 'Waiting jobs, those that their hosts take next first',
  blocked: 'Blocked jobs',
  running: 'Running jobs, first queued job first',
}

function Jobs({ jobs, count, at, kind }: JobsProps) {
  const label = labels[kind]
  const runs = kind === 'running'
  return (
    <>
      <ScrollFrame label={label}>
        <table class="list queue">
          <caption class="hidden-text">{label}</caption>
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">Project</th>
              <th scope="col">Host</th>
              <th scope="col">Architecture</th>
              <th scope="col">{runs ? 'Started' : 'Queued'}</th>
              <th scope="col">{runs ? 'Progress' : 'Why it waits'}</th>
              <th scope="col">{runs ? 'Expected end' : 'Expected start'}</th>
            </tr>
          </thead>
          <tbody>
            {jobs.map(job => (
              <Row job={job} at={at} />
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      {count > shownMax && (
        <p>
          The table shows the first {shownMax} of {count} jobs. Select a host to see all its jobs.
        </p>
      )}
    </>
  )
}

const Row = ({ job, at }: { job: QueueEntry; at: Date }) => (
  <tr>
    <th scope="row">
      <Link to={`/jobs/${job.jobId}`}>#{job.jobId}</Link>
    </th>
    <td>
      <Link to={`/projects/${segment(job.project)}`}>{job.project}</Link>{' '}
      {job.branch !== null && <span class="branch">{job.branch}</span>}
      {purposeText[job.purpose] !== undefined && <small> {purposeText[job.purpose]}</small>}
    </td>
    <td>
      <HostLink name={job.host} />
    </td>
    <td>
      {job.arch} {job.variant === 'default' ? '' : job.variant}
    </td>
    <td>
      <Ago from={job.reason === null ? (job.startedAt ?? job.queuedAt) : job.queuedAt} at={at} />
    </td>
    <td>{job.reason === null ? <Progress job={job} at={at} /> : <WaitText reason={job.reason} at={at} />}</td>
    <td data-label={job.reason === null ? 'Expected end' : 'Expected start'}>
      {job.reason === null ? <EndTime job={job} at={at} /> : <StartTime job={job} at={at} />}
    </td>
  </tr>
)

const purposeText: Record<string, string | undefined> = {
  confirm: 'confirms a failure',
  probe: 'probe of a bisection',
  retry: 'runs again',
  lost: 'runs again after a loss',
}

function Progress({ job: { startedAt, expectedMs, stepsEnded, jobId }, at }: { job: QueueEntry; at: Date }) {
  const steps = `${counted(stepsEnded, 'step')} ended`
  if (startedAt === null) return <>starting</>
  if (expectedMs === null) return <>{steps}</>
  return (
    <>
      <progress
        max={expectedMs}
        value={Math.min(expectedMs, at.getTime() - startedAt.getTime())}
        aria-label={`Progress of job ${jobId}`}
      />{' '}
      <small>{steps}</small>
    </>
  )
}

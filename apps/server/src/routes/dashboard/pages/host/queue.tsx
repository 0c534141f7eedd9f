import type { Queue, QueueEntry } from '@rumpfarm/farm'
import { Since } from '../../components/ago.tsx'
import { segment } from '../../components/escape.ts'
import { EndTime } from '../../components/estimate.tsx'
import { Link } from '../../components/links.tsx'
import { counted } from '../../components/status.ts'

/** What the host does now: its running jobs, and the number of its waiting jobs. */
export function HostQueue({ host, queue, at }: { host: string; queue: Queue; at: Date }) {
  const { jobs: running, counts } = queue
  const waiting = counts.waiting + counts.blocked
  if (running.length === 0 && waiting === 0) return null
  return (
    <section aria-label="Now">
      {running.length > 0 && (
        <ul class="now">
          {running.map(job => (
            <RunningJob job={job} at={at} />
          ))}
        </ul>
      )}
      {waiting > 0 && (
        <p>
          <Link to={`/queue?host=${segment(host)}`}>{counted(waiting, 'waiting job')}</Link>
        </p>
      )}
    </section>
  )
}

const RunningJob = ({ job, at }: { job: QueueEntry; at: Date }) => (
  <li>
    <Link class="mark running" to={`/jobs/${job.jobId}`}>
      Running job {job.jobId}
    </Link>{' '}
    of {job.project} for {job.arch}
    {job.variant === 'default' ? '' : `, ${job.variant}`}{' '}
    {job.startedAt && (
      <>
        for <Since from={job.startedAt} at={at} />
      </>
    )}
    . Expected end: <EndTime job={job} at={at} />.
  </li>
)

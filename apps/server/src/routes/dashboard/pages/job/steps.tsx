import type { AttemptView, JobView } from '@rumpfarm/farm'
import { stepMilliseconds } from '../../components/attempt-time.ts'
import { segment } from '../../components/escape.ts'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { type JobStatus, statusOf, stepStatus } from '../../components/status.ts'
import { StatusMark } from '../../components/status-mark.tsx'
import { duration } from '../../components/times.ts'

interface StepRow {
  name: string
  /** If undefined, the job has not reached this step. */
  status: JobStatus | undefined
  exit: number | undefined
  milliseconds: number | undefined
}

function stepRows({ recipe }: JobView, attempt: AttemptView, at: Date): StepRow[] {
  const ended = attempt.steps
  const failed = ended.some(({ exit }) => exit !== 0)
  return recipe.steps.map(({ name }, index) => {
    const end = ended[index]
    if (end) {
      const status = stepStatus(end.exit, index === ended.length - 1, attempt.verdict)
      return { name, exit: end.exit, milliseconds: end.milliseconds, status }
    }
    if (index !== ended.length || failed || attempt.startedAt === null)
      return { name, exit: undefined, milliseconds: undefined, status: undefined }
    const spent = (attempt.finishedAt ?? at).getTime() - attempt.startedAt.getTime() - stepMilliseconds(ended)
    // `spent` can be below 0, because the host measures its steps, and its clock may be faster than the server's clock.
    return { name, exit: undefined, milliseconds: Math.max(0, spent), status: statusOf(attempt) }
  })
}

export function StepTable({ job, attempt, at }: { job: JobView; attempt: AttemptView; at: Date }) {
  const rows = stepRows(job, attempt, at)
  const longest = Math.max(1, ...rows.map(({ milliseconds }) => milliseconds ?? 0))
  const path = `/jobs/${job.id}/attempts/${attempt.number}`
  return (
    <ScrollFrame label="Steps">
      <table class="list step-table">
        <caption class="hidden-text">Steps</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Status</th>
            <th scope="col">Exit code</th>
            <th scope="col">Duration</th>
            <th scope="col" class="wide">
              <span class="hidden-text">Duration compared with the longest step</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr>
              <th scope="row">{row.status === undefined ? row.name : <StepLink path={path} name={row.name} />}</th>
              <td>{row.status ? <StatusMark status={row.status} /> : <small>not reached</small>}</td>
              <td>{row.exit ?? ''}</td>
              <td>{row.milliseconds === undefined ? '' : duration(row.milliseconds)}</td>
              <td class="wide">
                <Bar share={(row.milliseconds ?? 0) / longest} status={row.status} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  )
}

const StepLink = ({ path, name }: { path: string; name: string }) => (
  <Link to={`${path}?step=${segment(name)}#step-${segment(name)}`}>{name}</Link>
)

// The attribute `width` sets the width of the bar, because the content security policy forbids style attributes.
const Bar = ({ share, status }: { share: number; status: JobStatus | undefined }) => (
  <svg class={`bar ${status ?? ''}`} aria-hidden="true">
    <rect width={`${Math.round(share * 1000) / 10}%`} height="100%" />
  </svg>
)

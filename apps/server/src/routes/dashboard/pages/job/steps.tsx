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
  /** The usual duration in milliseconds; undefined if the farm does not know it. */
  usual: number | undefined
  running: boolean
}

type Usual = Record<string, number>

function stepRows({ recipe }: JobView, attempt: AttemptView, usual: Usual, at: Date): StepRow[] {
  const ended = attempt.steps
  const failed = ended.some(({ exit }) => exit !== 0)
  return recipe.steps.map(({ name }, index) => {
    const row = {
      name,
      exit: undefined,
      milliseconds: undefined,
      status: undefined,
      usual: usual[name],
      running: false,
    }
    const end = ended[index]
    if (end) {
      const status = stepStatus(end.exit, index === ended.length - 1, attempt.verdict)
      return { ...row, exit: end.exit, milliseconds: end.milliseconds, status }
    }
    if (index !== ended.length || failed || attempt.startedAt === null) return row
    const spent = (attempt.finishedAt ?? at).getTime() - attempt.startedAt.getTime() - stepMilliseconds(ended)
    const status = statusOf(attempt)
    // `spent` can be below 0, because the host measures its steps, and its clock may be faster than the server's clock.
    return { ...row, milliseconds: Math.max(0, spent), status, running: status === 'running' }
  })
}

interface StepTableProps {
  job: JobView
  attempt: AttemptView
  /** The usual duration of each step in milliseconds. */
  usual: Usual
  at: Date
}

export function StepTable({ job, attempt, usual, at }: StepTableProps) {
  const rows = stepRows(job, attempt, usual, at)
  const known = rows.some(row => row.usual !== undefined)
  const longest = Math.max(1, ...rows.flatMap(row => [row.milliseconds ?? 0, row.usual ?? 0]))
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
            {known && <th scope="col">Usually</th>}
            <th scope="col" class="wide">
              <span class="hidden-text">Duration compared with the longest step</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr>
              <th scope="row">{row.status === undefined ? row.name : <StepLink path={path} name={row.name} />}</th>
              <td>{row.status ? <StatusMark status={row.status} /> : <small>{notRun(attempt)}</small>}</td>
              <td>{row.exit ?? ''}</td>
              <td>{row.milliseconds === undefined ? '' : duration(row.milliseconds)}</td>
              {known && <td>{row.usual !== undefined && <small>{duration(row.usual)}</small>}</td>}
              <td class="wide">
                {row.running && row.usual !== undefined ? <Progress row={row} /> : <Bar row={row} longest={longest} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  )
}

const notRun = ({ state }: AttemptView): string => (state === 'finished' ? 'not reached' : 'not yet')

/** How much of its usual duration a running step has used. */
const Progress = ({ row: { name, milliseconds = 0, usual = 1 } }: { row: StepRow }) => (
  <progress max={usual} value={Math.min(usual, milliseconds)} aria-label={`Progress of ${name}`} />
)

const StepLink = ({ path, name }: { path: string; name: string }) => (
  <Link to={`${path}?step=${segment(name)}#step-${segment(name)}`}>{name}</Link>
)

// The attribute `width` sets the width of a bar, because the content security policy forbids style attributes.
function Bar({ row: { status, milliseconds = 0, usual = 0 }, longest }: { row: StepRow; longest: number }) {
  const width = (value: number) => `${Math.round((value / longest) * 1000) / 10}%`
  return (
    <svg class={`bar ${status ?? ''}`} aria-hidden="true">
      {usual > 0 && <rect class="usual" width={width(usual)} height="100%" />}
      <rect width={width(milliseconds)} y={usual > 0 ? '25%' : undefined} height={usual > 0 ? '50%' : '100%'} />
    </svg>
  )
}

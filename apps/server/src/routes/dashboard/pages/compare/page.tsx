import type { Comparison } from '../../../runs/compare.ts'
import type { FactRow, Run, StepRow } from '../../../runs/facts.ts'
import { stepBytesMax } from '../../../runs/read-step.ts'
import { Ago } from '../../components/ago.tsx'
import { CommitLink, CompareLink } from '../../components/commit-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { statusLabel, statusOf } from '../../components/status.ts'
import { byteCount, duration } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'
import { Hunks } from './hunks.tsx'

export interface ComparePage {
  visit: Visit
  before: Run
  after: Run
  comparison: Comparison
}

export function renderComparePage({ visit, before, after, comparison }: ComparePage): string {
  const { facts, steps } = comparison
  const names = { before: `Job ${before.job.id}`, after: `Job ${after.job.id}` }
  return renderPage({
    title: `Job ${after.job.id} compared with job ${before.job.id}`,
    visit,
    children: (
      <>
        <h1>
          <Link to={`/jobs/${after.job.id}`}>Job {after.job.id}</Link> compared with{' '}
          <Link to={`/jobs/${before.job.id}`}>job {before.job.id}</Link>
        </h1>
        <p class="lead">
          <RunText run={after} at={visit.at} />. Compared with: <RunText run={before} at={visit.at} />.
        </p>
        <h2>Differences between the runs</h2>
        {facts.length === 0 ? (
          <p class="empty">The commits, the compiler, the host facts and the recipe are the same.</p>
        ) : (
          <FactTable rows={facts} names={names} />
        )}
        {before.job.project === after.job.project && (
          <p>
            <CompareLink project={after.job.project} before={before.job.commit} after={after.job.commit}>
              Compare the commits of the two jobs
            </CompareLink>
          </p>
        )}
        <h2>Steps</h2>
        <StepTable rows={steps} names={names} />
        <Lines comparison={comparison} names={names} />
      </>
    ),
  })
}

interface Names {
  before: string
  after: string
}

function RunText({ run: { job, attempt }, at }: { run: Run; at: Date }) {
  return (
    <>
      Job {job.id} {statusLabel[statusOf(attempt)]}
      {attempt.failedStep !== null && ` at ${attempt.failedStep}`} on {job.host} for {job.arch}
      {job.variant === 'default' ? '' : `, ${job.variant}`}, <CommitLink project={job.project} commit={job.commit} />
      {attempt.finishedAt && (
        <>
          , <Ago from={attempt.finishedAt} at={at} />
        </>
      )}
    </>
  )
}

const FactTable = ({ rows, names }: { rows: readonly FactRow[]; names: Names }) => (
  <ScrollFrame label="Differences between the runs">
    <table class="list">
      <caption class="hidden-text">Differences between the runs</caption>
      <thead>
        <tr>
          <th scope="col">Fact</th>
          <th scope="col">{names.before}</th>
          <th scope="col">{names.after}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, before, after }) => (
          <tr>
            <th scope="row">{name}</th>
            <td>{before || <small>none</small>}</td>
            <td>{after || <small>none</small>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)

const StepTable = ({ rows, names }: { rows: readonly StepRow[]; names: Names }) => (
  <ScrollFrame label="Steps of both runs">
    <table class="list">
      <caption class="hidden-text">Steps of both runs</caption>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">{names.before}</th>
          <th scope="col">{names.after}</th>
          <th scope="col">Difference</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <tr>
            <th scope="row">{row.name}</th>
            <td>
              <StepEnd step={row.before} />
            </td>
            <td>
              <StepEnd step={row.after} />
            </td>
            <td>{timeDifference(row)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)

const StepEnd = ({ step }: { step: StepRow['before'] }) =>
  step ? (
    <>
      {duration(step.milliseconds)}
      {step.exit !== 0 && <em class="error">exit code {step.exit}</em>}
    </>
  ) : (
    <small>not reached</small>
  )

/** Smaller differences of a step's duration have no cause that a reader can find. */
const changeMsMin = 1_000

function timeDifference({ before, after }: StepRow): string {
  if (!before || !after) return ''
  const more = after.milliseconds - before.milliseconds
  if (Math.abs(more) < changeMsMin) return 'same time'
  return `${duration(Math.abs(more))} ${more > 0 ? 'longer' : 'shorter'}`
}

function Lines({ comparison: { step, lines, cut }, names }: { comparison: Comparison; names: Names }) {
  if (step === undefined || !lines)
    return <p class="empty">No step has ended in both runs, so no output is compared.</p>
  const { hunks, equalLines, complete } = lines
  return (
    <>
      <h2>Output of {step}</h2>
      <p>
        − {names.before}, + {names.after}. The comparison ignores times, paths, addresses and process numbers.
        {equalLines > 0 && ` The first ${equalLines === 1 ? 'line is' : `${equalLines} lines are`} equal.`}
        {cut && ` The server compared only the first ${byteCount(stepBytesMax)} of the step.`}
        {!complete && hunks.length > 0 && ' The page shows only the first differences.'}
      </p>
      {hunks.length === 0 ? <p class="empty">No line differs.</p> : <Hunks hunks={hunks} />}
    </>
  )
}

import type { BuildEffects, JobEffect } from '@rumpfarm/farm'
import { Link } from '../../components/links.tsx'
import { counted } from '../../components/status.ts'

type Effect = JobEffect['effect']

const lists: readonly { effects: readonly Effect[]; status: string; title: string; open: boolean }[] = [
  { effects: ['broke'], status: 'failed', title: 'Would break', open: true },
  { effects: ['failing-differently'], status: 'failed', title: 'Failed before, and fails differently', open: true },
  { effects: ['first-failure'], status: 'failed', title: 'Fails, without a result of the branch', open: true },
  { effects: ['fixed'], status: 'passed', title: 'Would fix', open: true },
  { effects: ['flaky'], status: 'known-failure', title: 'Flaky', open: false },
  { effects: ['still-failing'], status: 'known-failure', title: 'Failed already', open: false },
]

const cellsShown = 30

interface Props {
  baseBranch: string
  effects: BuildEffects
  /** Whether a job of the build waits or runs. */
  active: boolean
}

/** What the pull request would break, and which cells of its base branch fail without it. */
export function Comparison({ baseBranch, effects: { jobs, branch }, active }: Props) {
  const found = lists
    .map(list => ({ ...list, jobs: jobs.filter(({ effect }) => list.effects.includes(effect)) }))
    .filter(list => list.jobs.length > 0)
  const broken = jobs.filter(({ effect }) => effect === 'broke').length
  return (
    <section aria-label={`Compared with ${baseBranch}`}>
      <h3>
        {broken === 0 ? `Would break nothing${active ? ' so far' : ''}` : `Would break ${counted(broken, 'cell')}`}
      </h3>
      <p>
        {branch === null
          ? `The farm has built no commit of ${baseBranch}, so it compares the jobs with no results.`
          : `Compared with the newest results of ${baseBranch}.`}
      </p>
      {found.map(({ title, status, open, jobs: cells }) => (
        <details open={open} class="effects">
          <summary>
            <span class={`mark ${status}`}>
              {title}: {counted(cells.length, 'cell')}
            </span>
          </summary>
          <ul class="commits">
            {cells.slice(0, cellsShown).map(job => (
              <li>
                <Cell job={job} />
              </li>
            ))}
            {cells.length > cellsShown && <li>… and {cells.length - cellsShown} more in the table below.</li>}
          </ul>
        </details>
      ))}
    </section>
  )
}

const Cell = ({ job: { jobId, host, arch, variant, failedStep, message, before } }: { job: JobEffect }) => (
  <>
    <Link to={`/jobs/${jobId}`}>
      {host} {arch}
      {variant === 'default' ? '' : ` ${variant}`}
    </Link>
    {failedStep !== null && ` at ${failedStep}`}
    {message !== null && (
      <>
        : <code>{message}</code>
      </>
    )}
    {before !== null && (
      <>
        {' '}
        (before: <Link to={`/jobs/${before.jobId}`}>job {before.jobId}</Link>)
      </>
    )}
  </>
)

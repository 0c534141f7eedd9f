import type { CellRun } from '@rumpfarm/farm'
import { Link } from '../../components/links.tsx'
import { shortCommit, statusLabel } from '../../components/status.ts'
import { duration, moment } from '../../components/times.ts'

/** One link for each run, oldest commit first. The sign and the colour show the verdict. */
export const Strip = ({ runs }: { runs: readonly CellRun[] }) => (
  <p class="strip">
    {runs.toReversed().map(run => (
      <>
        <Link class={`run ${run.testsMissing ? 'tests-missing' : run.verdict}`} to={runPath(run)} title={runTitle(run)}>
          <span class="hidden-text">
            {shortCommit(run.commit)} {runWords(run)}
          </span>
        </Link>{' '}
      </>
    ))}
  </p>
)

/** The page of the attempt, because a job can have several attempts. */
export const runPath = ({ jobId, attempt }: Pick<CellRun, 'jobId' | 'attempt'>): string =>
  `/jobs/${jobId}/attempts/${attempt.split('.')[1]}`

/** The verdict in words. A passed run can have lost its tests. */
export const runWords = ({ verdict, testsMissing }: Pick<CellRun, 'verdict' | 'testsMissing'>): string =>
  testsMissing ? `${statusLabel[verdict]}, tests missing` : statusLabel[verdict]

function runTitle(run: CellRun): string {
  const { commit, verdict, failedStep, milliseconds, finishedAt } = run
  const step = verdict !== 'passed' && failedStep !== null ? ` at ${failedStep}` : ''
  const time = milliseconds === null ? '' : ` after ${duration(milliseconds)}`
  return `${shortCommit(commit)} ${runWords(run)}${step}${time}, ${moment(finishedAt)}`
}

import { attemptName } from '@rumpfarm/contracts'
import {
  type JobView,
  type Outcome,
  outcomes,
  type TestResultView,
  type TestRunView,
  type TestSummaryView,
} from '@rumpfarm/farm'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { countsText, Notices, OutcomeMark, outcomeWord, TestLink } from '../../components/test-outcome.tsx'
import { duration } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'

export interface JobTestsPage {
  visit: Visit
  job: JobView
  number: number
  summary: (TestSummaryView & { runs: TestRunView[] }) | undefined
  /** Only the tests with this outcome. */
  show: Outcome | undefined
  failed: readonly TestResultView[]
  tests: readonly TestResultView[]
  /** The last test of this page, if there is a next page. */
  next: number | undefined
  slowest: readonly TestResultView[]
}

export function renderJobTestsPage(page: JobTestsPage): string {
  const { visit, job, number, summary } = page
  const path = `/jobs/${job.id}/attempts/${number}`
  return renderPage({
    title: `Tests of job ${job.id}`,
    visit,
    children: (
      <>
        <p class="crumbs">
          <Link to={`/projects/${segment(job.project)}`}>{job.project}</Link> ·{' '}
          <Link to={`/builds/${job.buildId}`}>build {job.buildId}</Link> · {job.host} {job.arch}{' '}
          {job.variant === 'default' ? '' : job.variant} ·{' '}
          <Link to={`/builds/${job.buildId}/tests`}>tests of the build</Link>
        </p>
        <h1>
          Tests of <Link to={path}>job {attemptName({ jobId: job.id, number })}</Link>
        </h1>
        {summary ? <Results {...page} summary={summary} path={`${path}/tests`} /> : <NoResults job={job} />}
      </>
    ),
  })
}

const NoResults = ({ job }: { job: JobView }) => (
  <p class="empty">
    {job.recipe.results
      ? 'The farm reads the results when the job has ended. A job that was cancelled, lost or broken has none.'
      : 'The recipe of this job has no results, so the farm does not know its tests.'}
  </p>
)

type ResultsProps = JobTestsPage & { summary: NonNullable<JobTestsPage['summary']>; path: string }

function Results({ job, summary, show, failed, tests, next, slowest, path }: ResultsProps) {
  const title = show === undefined ? 'All tests' : `Tests with the outcome ${outcomeWord(show)}`
  return (
    <>
      <p class="lead">{countsText(summary.counts)}</p>
      {summary.missing && (
        <p class="banner">
          <strong>Tests missing.</strong> The job passed without any test, but earlier jobs of this cell had tests.
          Check the paths in <code>results</code>, and the log of the tests.
        </p>
      )}
      <Notices text={summary.notice} />
      <Files runs={summary.runs} />
      {failed.length > 0 && (
        <>
          <h2>Failed tests</h2>
          <FailedTests project={job.project} tests={failed.slice(0, failedShown)} />
          {failed.length > failedShown && (
            <p>
              {failed.length - failedShown} more of them are in the lists of{' '}
              <Link to={`${path}?show=failed`}>failed tests</Link> and of{' '}
              <Link to={`${path}?show=errored`}>errors</Link>.
            </p>
          )}
        </>
      )}
      {slowest.length > 0 && (
        <>
          <h2>Slowest tests</h2>
          <TestTable project={job.project} tests={slowest} caption="Slowest tests" />
        </>
      )}
      <h2>{title}</h2>
      <Choice summary={summary} show={show} path={path} />
      {tests.length === 0 ? (
        <p class="empty">No tests.</p>
      ) : (
        <TestTable project={job.project} tests={tests} caption={title} />
      )}
      {next !== undefined && (
        <p>
          <Link rel="next" to={`${path}?${show === undefined ? '' : `show=${show}&`}after=${next}`}>
            More tests →
          </Link>
        </p>
      )}
      <p>
        All results as <Link to={`/api/v1${path}?format=csv`}>CSV</Link> or <Link to={`/api/v1${path}`}>JSON</Link>.
      </p>
    </>
  )
}

const failedShown = 50
const filesShown = 50

/** The files that say more than their counts. A complete file needs no line. */
function Files({ runs }: { runs: readonly TestRunView[] }) {
  const notable = runs.filter(({ complete, notice }) => !complete || notice !== null)
  if (notable.length === 0) return null
  return (
    <details open>
      <summary>Notes about the files</summary>
      <ul>
        {notable.slice(0, filesShown).map(({ file, complete, notice, counts }) => (
          <li>
            <code>{file}</code> {complete ? '' : <strong>incomplete</strong>} ({countsText(counts)})
            <Notices text={notice} />
          </li>
        ))}
      </ul>
    </details>
  )
}

const FailedTests = ({ project, tests }: { project: string; tests: readonly TestResultView[] }) => (
  <ul class="failed-tests">
    {tests.map(test => (
      <li>
        <OutcomeMark outcome={test.outcome} /> <TestLink project={project} test={{ ...test, id: test.testId }} />
        {test.file !== null && (
          <>
            {' '}
            <code>
              {test.file}
              {test.line === null ? '' : `:${test.line}`}
            </code>
          </>
        )}
        {test.message !== null && <p class="message">{test.message}</p>}
        {test.excerpt !== null && test.excerpt.trim() !== test.message?.trim() && (
          <details>
            <summary>Output</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll the output */}
            <pre tabIndex={0}>{test.excerpt}</pre>
          </details>
        )}
      </li>
    ))}
  </ul>
)

function TestTable({
  project,
  tests,
  caption,
}: {
  project: string
  tests: readonly TestResultView[]
  caption: string
}) {
  return (
    <ScrollFrame label={caption}>
      <table class="list">
        <caption class="hidden-text">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Test</th>
            <th scope="col">Outcome</th>
            <th scope="col">Duration</th>
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {tests.map(test => (
            <tr>
              <th scope="row" class="test-name">
                <TestLink project={project} test={{ ...test, id: test.testId }} />
              </th>
              <td>
                <OutcomeMark outcome={test.outcome} />
                {test.tries > 1 && ` ${test.tries} tries`}
              </td>
              <td>{test.durationMs === null ? '' : duration(test.durationMs)}</td>
              <td class="test-message">{test.message?.slice(0, 200)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  )
}

const Choice = ({ summary, show, path }: { summary: TestSummaryView; show: Outcome | undefined; path: string }) => (
  <nav class="filter" aria-label="Outcome">
    <span>Outcome</span>{' '}
    <Link to={path} aria-current={show === undefined ? 'page' : undefined}>
      all
    </Link>{' '}
    {outcomes
      .filter(outcome => summary.counts[outcome] > 0)
      .map(outcome => (
        <>
          <Link to={`${path}?show=${outcome}`} aria-current={show === outcome ? 'page' : undefined}>
            {outcomeWord(outcome)} ({summary.counts[outcome]})
          </Link>{' '}
        </>
      ))}
  </nav>
)

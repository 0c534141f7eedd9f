import type { BuildTest, BuildTests, BuildView, TestChange } from '@rumpfarm/farm'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { HostLink } from '../../components/host-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'
import { changeWord, OutcomeMark, TestLink } from '../../components/test-outcome.tsx'
import type { Visit } from '../../visit.ts'

export interface BuildTestsPage {
  visit: Visit
  build: BuildView
  found: BuildTests
}

/** The changes in the order of the page: first what this build may have broken. */
const changes: readonly TestChange[] = ['newly-failing', 'failing-first', 'flaky', 'fixed', 'still-failing']

export function renderBuildTestsPage({ visit, build, found }: BuildTestsPage): string {
  const { tests, more, jobs, total, missing } = found
  const groups = changes.map(change => ({ change, tests: tests.filter(test => test.change === change) }))
  const shown = groups.filter(group => group.tests.length > 0)
  return renderPage({
    title: `Tests of build ${build.id} of ${build.project}`,
    visit,
    children: (
      <>
        <h1>
          Tests of <Link to={`/builds/${build.id}`}>build {build.id}</Link> of{' '}
          <Link to={`/projects/${segment(build.project)}`}>{build.project}</Link>
        </h1>
        <p class="lead">
          <CommitLink project={build.project} commit={build.commit} /> {build.branch} {build.subject}
        </p>
        <p>
          {counted(total, 'test')} in {counted(jobs, 'job')}:{' '}
          {shown.length === 0 ? 'no test failed' : shown.map(countOf).join(', ')}.
        </p>
        {missing.length > 0 && <Missing jobs={missing} />}
        {shown.map(({ change, tests: some }) => (
          <Group project={build.project} change={change} tests={some} />
        ))}
        {more && <p>More tests have failed than this page lists. The tests of each job are on the page of the job.</p>}
        <p>
          This list as <Link to={`/api/v1/builds/${build.id}/tests?format=csv`}>CSV</Link> or{' '}
          <Link to={`/api/v1/builds/${build.id}/tests`}>JSON</Link>.{' '}
          <Link to={`/projects/${segment(build.project)}/tests`}>All tests of {build.project}</Link>
        </p>
      </>
    ),
  })
}

const countOf = ({ change, tests }: { change: TestChange; tests: readonly BuildTest[] }): string =>
  `${new Set(tests.map(({ testId }) => testId)).size} ${changeWord[change]}`

const Missing = ({ jobs }: { jobs: BuildTests['missing'] }) => (
  <div class="banner">
    <p>
      <strong>Tests missing.</strong> These jobs passed without any test, but earlier jobs of their cells had tests:
    </p>
    <ul>
      {jobs.map(({ jobId, host, arch, variant }) => (
        <li>
          <Link to={`/jobs/${jobId}/tests`}>job {jobId}</Link> on {host} {arch} {variant === 'default' ? '' : variant}
        </li>
      ))}
    </ul>
  </div>
)

function Group({ project, change, tests }: { project: string; change: TestChange; tests: readonly BuildTest[] }) {
  const word = changeWord[change]
  const title = `${word.charAt(0).toUpperCase()}${word.slice(1)}`
  return (
    <>
      <h2 id={change}>{title}</h2>
      <ScrollFrame label={title}>
        <table class="list">
          <caption class="hidden-text">{title}</caption>
          <thead>
            <tr>
              <th scope="col">Test</th>
              <th scope="col">Host</th>
              <th scope="col">Architecture</th>
              <th scope="col">Outcome</th>
              <th scope="col">Result before</th>
              <th scope="col">Message</th>
            </tr>
          </thead>
          <tbody>
            {tests.map(test => (
              <Row project={project} test={test} />
            ))}
          </tbody>
        </table>
      </ScrollFrame>
    </>
  )
}

const Row = ({ project, test }: { project: string; test: BuildTest }) => (
  <tr>
    <th scope="row" class="test-name">
      <TestLink project={project} test={{ ...test, id: test.testId }} />
    </th>
    <td>
      <HostLink name={test.host} />
    </td>
    <td>
      {test.arch} {test.variant === 'default' ? '' : test.variant}
    </td>
    <td>
      <OutcomeMark outcome={test.outcome} /> <Link to={`/jobs/${test.jobId}/tests`}>job {test.attempt}</Link>
    </td>
    <td>
      {test.before && (
        <>
          <OutcomeMark outcome={test.before.outcome} />{' '}
          <Link to={`/builds/${test.before.buildId}`}>build {test.before.buildId}</Link>
        </>
      )}
    </td>
    <td class="test-message">{test.message?.slice(0, 200)}</td>
  </tr>
)

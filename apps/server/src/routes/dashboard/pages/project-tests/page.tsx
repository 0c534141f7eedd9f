import type { ProjectTests, TestCell } from '@rumpfarm/farm'
import type { ComponentChildren } from 'preact'
import { Ago } from '../../components/ago.tsx'
import { segment } from '../../components/escape.ts'
import { HostLink } from '../../components/host-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Form, Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'
import { TestLink } from '../../components/test-outcome.tsx'
import { duration } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'

export interface ProjectTestsPage {
  visit: Visit
  project: string
  found: ProjectTests
  search: string | undefined
  after: number | undefined
}

export function renderProjectTestsPage(page: ProjectTestsPage): string {
  const { visit, project, found, search, after } = page
  return renderPage({
    title: `Tests of ${project}`,
    visit,
    children: (
      <>
        <h1>
          Tests of <Link to={`/projects/${segment(project)}`}>{project}</Link>
        </h1>
        {search === undefined && after === undefined && <Notable {...page} />}
        <h2>All tests</h2>
        <Search project={project} search={search} />
        {found.tests.length === 0 ? (
          <NoTests search={search} />
        ) : (
          <ul class="all-tests">
            {found.tests.map(test => (
              <li>
                <TestLink project={project} test={test} />
              </li>
            ))}
          </ul>
        )}
        {found.more && (
          <p>
            <Link rel="next" to={nextPage(page)}>
              More tests →
            </Link>
          </p>
        )}
        <p>
          The tests as <Link to={`/api/v1/projects/${segment(project)}/tests?format=csv`}>CSV</Link> or{' '}
          <Link to={`/api/v1/projects/${segment(project)}/tests`}>JSON</Link>.
        </p>
      </>
    ),
  })
}

function nextPage({ project, found, search }: ProjectTestsPage): string {
  const query = new URLSearchParams({
    ...(search === undefined ? {} : { q: search }),
    after: String(found.tests.at(-1)?.id),
  })
  return `/projects/${segment(project)}/tests?${query}`
}

const NoTests = ({ search }: { search: string | undefined }) => (
  <p class="empty">
    {search === undefined
      ? 'No job of this project has reported tests. The key results in farm.yaml says where the results are.'
      : 'No test has this text in its name.'}
  </p>
)

const Search = ({ project, search }: { project: string; search: string | undefined }) => (
  <Form class="action" method="get" to={`/projects/${segment(project)}/tests`}>
    <label>
      Name contains <input type="search" name="q" value={search ?? ''} maxLength={200} />
    </label>{' '}
    <button type="submit">Search tests</button>
  </Form>
)

function Notable({ visit, project, found: { flaky, failing, slowest } }: ProjectTestsPage) {
  return (
    <>
      {flaky.length > 0 && (
        <Table title="Flaky tests" columns={['Test', 'Host', 'Architecture', 'Changes', 'Failed last']}>
          {flaky.map(test => (
            <tr>
              <Name project={project} test={test} />
              <Place cell={test} />
              <td>
                {counted(test.changes, 'change')} in {counted(test.results, 'result')}
              </td>
              <td>
                <Link to={attemptPath(test.lastFailed)}>job {test.lastFailed}</Link>,{' '}
                <Ago from={test.lastFailedAt} at={visit.at} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      {failing.length > 0 && (
        <Table title="Tests that failed often in 45 days" columns={['Test', 'Failures', 'Hosts', 'Failed last']}>
          {failing.map(test => (
            <tr>
              <Name project={project} test={test} />
              <td>{test.failures}</td>
              <td>{test.hosts}</td>
              <td>
                <Ago from={test.lastFailedAt} at={visit.at} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      {slowest.length > 0 && (
        <Table
          title="Slowest tests of the newest 50 jobs"
          columns={['Test', 'Host', 'Architecture', 'Duration', 'Job']}
        >
          {slowest.map(test => (
            <tr>
              <Name project={project} test={test} />
              <Place cell={test} />
              <td>{duration(test.durationMs)}</td>
              <td>
                <Link to={attemptPath(test.attempt)}>job {test.attempt}</Link>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </>
  )
}

const attemptPath = (attempt: string): string => `/jobs/${attempt.replace('.', '/attempts/')}/tests`

const Name = ({ project, test }: { project: string; test: { id: number; suite: string; name: string } }) => (
  <th scope="row" class="test-name">
    <TestLink project={project} test={test} />
  </th>
)

const Place = ({ cell }: { cell: TestCell }) => (
  <>
    <td>
      <HostLink name={cell.host} />
    </td>
    <td>
      {cell.arch} {cell.variant === 'default' ? '' : cell.variant}
    </td>
  </>
)

const Table = ({ title, columns, children }: { title: string; columns: string[]; children: ComponentChildren }) => (
  <>
    <h2>{title}</h2>
    <ScrollFrame label={title}>
      <table class="list">
        <caption class="hidden-text">{title}</caption>
        <thead>
          <tr>
            {columns.map(column => (
              <th scope="col">{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </ScrollFrame>
  </>
)

import type { BisectionSummary } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { BisectionState } from '../../components/bisection.tsx'
import { segment } from '../../components/escape.ts'
import { HostLink } from '../../components/host-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import type { Visit } from '../../visit.ts'

export interface BisectionsPage {
  visit: Visit
  bisections: readonly BisectionSummary[]
  /** If set, the page lists only the bisections of this project. */
  project: string | undefined
  /** The cursor of the next page; undefined on the last page. */
  before: number | undefined
}

export function renderBisectionsPage({ visit, bisections, project, before }: BisectionsPage): string {
  const title = project === undefined ? 'Bisections' : `Bisections of ${project}`
  const query = project === undefined ? '' : `project=${segment(project)}&`
  return renderPage({
    title,
    visit,
    live: true,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">A bisection searches the first bad commit of a failing cell, on the host that fails.</p>
        {bisections.length === 0 ? (
          <p class="empty">
            No bisections yet. With <code>bisect</code> in farm.yaml, the farm starts them itself; or start one with{' '}
            <code>./farm bisect</code>.
          </p>
        ) : (
          <ScrollFrame label={title}>
            <BisectionTable bisections={bisections} at={visit.at} caption={`${title}, newest first`} />
          </ScrollFrame>
        )}
        {before !== undefined && (
          <p>
            <Link rel="next" to={`/bisections?${query}before=${before}`}>
              Older bisections →
            </Link>
          </p>
        )}
      </>
    ),
  })
}

const BisectionTable = ({
  bisections,
  at,
  caption,
}: {
  bisections: readonly BisectionSummary[]
  at: Date
  caption: string
}) => (
  <table class="list">
    <caption class="hidden-text">{caption}</caption>
    <thead>
      <tr>
        <th scope="col">Bisection</th>
        <th scope="col">Project</th>
        <th scope="col">Cell</th>
        <th scope="col">Answer</th>
        <th scope="col">Started</th>
      </tr>
    </thead>
    <tbody>
      {bisections.map(bisection => (
        <tr>
          <th scope="row">
            <Link to={`/bisections/${bisection.id}`}>Bisection {bisection.id}</Link>
          </th>
          <td>
            {bisection.project} {bisection.branch}
          </td>
          <td>
            <HostLink name={bisection.host} /> {bisection.arch}{' '}
            {bisection.variant === 'default' ? '' : bisection.variant}
          </td>
          <td>
            <BisectionState bisection={bisection} />
          </td>
          <td>
            <Ago from={bisection.createdAt} at={at} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

import type { Matrix, MatrixSummary } from '@rumpfarm/farm'
import { renderPage } from '../../components/layout.tsx'
import { Link, usePublicPath } from '../../components/links.tsx'
import { RawHtml } from '../../components/raw-html.tsx'
import { counted, statusLabel } from '../../components/status.ts'
import { StatusMark } from '../../components/status-mark.tsx'
import type { Visit } from '../../visit.ts'
import { BranchFilter, ProjectFilter } from './filters.tsx'
import { tableHtml } from './table.ts'
import { Troubles } from './troubles.tsx'

export interface MatrixPage {
  visit: Visit
  matrix: Matrix
  /** The names of all projects, for the filter. */
  projects: readonly string[]
  /** If set, the matrix shows only this project. */
  project?: string | undefined
  /** If not set, the matrix shows each project's main branch. */
  branch?: string | undefined
}

export const renderMatrixPage = ({ visit, matrix, projects, project, branch }: MatrixPage): string => {
  const { summary } = matrix
  const active = summary.running + summary.waiting > 0
  return renderPage({
    title: [project ?? headline(summary), branch].filter(Boolean).join(', branch '),
    visit,
    live: true,
    reloadSeconds: active ? 30 : undefined,
    matrix: { project, branch },
    children: (
      <>
        <h1>
          {headline(summary)}
          {branch !== undefined && ` on ${branch}`}
        </h1>
        <Totals summary={summary} />
        {(projects.length > 1 || branch !== undefined) && <ProjectFilter projects={projects} shown={project} />}
        {(project !== undefined || projects.length === 1) && <BranchFilter matrix={matrix} />}
        <Troubles matrix={matrix} />
        <MatrixTable matrix={matrix} />
      </>
    ),
  })
}

function headline({ cells: all, passed, failing, knownFailures, neverRan, prevented }: MatrixSummary): string {
  const cells = all - prevented
  if (cells === 0) return 'No host builds any project yet'
  const open = cells - passed - failing - knownFailures - neverRan
  const rest = [
    knownFailures > 0 ? `, ${knownFailures} known to fail` : '',
    neverRan > 0 ? `, ${neverRan} never ran` : '',
    open > 0 ? `, ${open} without a result` : '',
  ].join('')
  if (failing > 0) return `${failing} of ${counted(cells, 'cell')} failing${rest}`
  if (rest !== '') return `No ${knownFailures > 0 ? 'new ' : ''}failures${rest}`
  return cells === 1 ? 'The only cell passes' : `All ${cells} cells pass`
}

function Totals({ summary }: { summary: MatrixSummary }) {
  const { passed, failing, knownFailures, neverRan, prevented, cancelled, running, waiting } = summary
  const parts = [
    ['passed', passed],
    ['failed', failing],
    ['known-failure', knownFailures],
    ['cancelled', cancelled],
    ['never-ran', neverRan],
    ['prevented', prevented],
  ] as const
  const active = [running > 0 ? `${running} running` : '', waiting > 0 ? `${waiting} queued` : ''].filter(Boolean)
  return (
    <p class="totals">
      {parts
        .filter(([, count]) => count > 0)
        .map(([status, count]) => (
          <>
            <StatusMark status={status}>
              {count} {status === 'failed' ? 'failing' : statusLabel[status]}
            </StatusMark>{' '}
          </>
        ))}
      {active.length > 0 && <StatusMark status="running">{active.join(', ')}</StatusMark>}
    </p>
  )
}

/** A wide table scrolls inside its own frame, by mouse and by keyboard. The page itself does not move. */
export function MatrixTable({ matrix }: { matrix: Matrix }) {
  const publicPath = usePublicPath()
  if (matrix.hosts.length === 0)
    return (
      <p class="empty">
        No hosts yet. <Link to="/hosts/new">Invite a host</Link>. It needs a POSIX shell, tar, gzip and one HTTP client
        (curl, wget, perl, python, nc or openssl).
      </p>
    )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="frame matrix" aria-label="Matrix of hosts and architectures" tabIndex={0}>
      <RawHtml html={tableHtml(matrix, publicPath)} />
    </section>
  )
}

import { type Glance, headline, type Matrix } from '@rumpfarm/farm'
import { BranchPages } from '../../components/branch-pages.tsx'
import { useRepositories } from '../../components/commit-link.tsx'
import { changesFeedPath, projectFeedPath } from '../../components/feed-paths.ts'
import { GridFrame } from '../../components/grid/grid-frame.tsx'
import { type FeedLink, renderFragment, renderPage } from '../../components/layout.tsx'
import { Link, usePublicPath } from '../../components/links.tsx'
import { RawHtml } from '../../components/raw-html.tsx'
import { counted } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'
import { Filters } from './filters.tsx'
import { gridOf } from './grid-of.ts'
import { Legend } from './legend.tsx'
import { NewsLists } from './news.tsx'
import { tableHtml } from './table.ts'
import { type MatrixView, matrixPath } from './view.ts'

export interface MatrixContent {
  publicPath: string
  /** The repository of each project, for links to forges. */
  repositories?: ReadonlyMap<string, string>
  glance: Glance
  /** The cells of the detailed view; undefined for the dense view. */
  matrix?: Matrix | undefined
  view: MatrixView
}

/** The part of the page that is the same for every visitor. */
export interface MatrixBody {
  title: string
  isActive: boolean
  view: MatrixView
  html: string
}

export function renderMatrixBody({ publicPath, repositories, glance, matrix, view }: MatrixContent): MatrixBody {
  const { counts, changes, branches, choices } = glance
  const { project, branch } = view
  const words = headline(counts, changes)
  return {
    title: [project ?? words, branch].filter(Boolean).join(', branch '),
    isActive: counts.running + counts.queued > 0,
    view,
    html: renderFragment(
      { publicPath, ...(repositories && { repositories }) },
      <>
        <h1>
          {project !== undefined && `${project}: `}
          {words}
          {branch !== undefined && ` on ${branch}`}
        </h1>
        <Legend counts={counts} view={view} />
        <NewsLists glance={glance} view={view} />
        <Filters view={view} branches={branches} choices={choices} />
        {view.project !== undefined && branches[0] && (
          <BranchPages project={view.project} branch={branches[0].shown} current="matrix" />
        )}
        {matrix ? <DetailedMatrix matrix={matrix} view={view} /> : <DenseMatrix glance={glance} view={view} />}
      </>,
    ),
  }
}

export const renderMatrixPage = (visit: Visit, { title, isActive, view, html }: MatrixBody): string =>
  renderPage({
    title,
    visit,
    live: true,
    grid: true,
    reloadSeconds: isActive ? 30 : undefined,
    matrix: { project: view.project, branch: view.branch },
    feeds: [feedOf(view)],
    html,
  })

/** A branch of all projects has no feed. */
const feedOf = ({ project, branch }: MatrixView): FeedLink =>
  project === undefined
    ? { title: 'What changed in the farm', path: changesFeedPath }
    : { title: `What changed in ${project}`, path: projectFeedPath(project, branch) }

/** The grid, and a line that names the hosts and arches without a box. */
export function DenseMatrix({ glance, view }: { glance: Glance; view: MatrixView }) {
  const shown = glance.groups.length > 0
  return (
    <>
      {shown && <GridFrame grid={gridOf(glance, view)} />}
      <Folded glance={glance} view={view} />
    </>
  )
}

const namesShown = 8

function Folded({ glance: { empty, groups }, view }: { glance: Glance; view: MatrixView }) {
  const { hosts, arches } = empty
  if (groups.length === 0 && hosts.length === 0) return <NoHosts view={view} />
  if (hosts.length + arches.length === 0) return null
  const parts = [
    arches.length > 0 ? `${counted(arches.length, 'architecture')} (${namesOf(arches)})` : '',
    hosts.length > 0 ? `${counted(hosts.length, 'host')} (${namesOf(hosts)})` : '',
  ]
  return (
    <p class="folded">
      {groups.length === 0 ? 'No box matches the filter. ' : ''}Hidden, because they have no box here:{' '}
      {parts.filter(Boolean).join(' and ')}. <Link to={matrixPath(view, { empty: true })}>Show them</Link>
    </p>
  )
}

const namesOf = (names: readonly string[]): string =>
  names.length > namesShown
    ? `${names.slice(0, namesShown - 1).join(', ')} and ${names.length - namesShown + 1} more`
    : names.join(', ')

/** Whether the view shows only some of the boxes of its projects and branch. */
const hasFilter = ({ host, os, arch, variant, status, trouble }: MatrixView): boolean =>
  trouble === true || [host, os, arch, variant, status].some(word => word !== undefined)

const NoHosts = ({ view }: { view: MatrixView }) =>
  hasFilter(view) ? (
    <p class="empty">
      No box matches the filter.{' '}
      <Link to={matrixPath({ project: view.project, branch: view.branch })}>Show all boxes</Link>
    </p>
  ) : (
    <p class="empty">
      No hosts yet. <Link to="/hosts/new">Invite a host</Link>. It needs a POSIX shell, tar, gzip and one HTTP client
      (curl, wget, perl, python, nc or openssl).
    </p>
  )

/** The table with the milestones of each cell. It scrolls inside its own frame, by mouse and by keyboard. */
function DetailedMatrix({ matrix, view }: { matrix: Matrix; view: MatrixView }) {
  const publicPath = usePublicPath()
  const repositories = useRepositories()
  if (matrix.hosts.length === 0) return <NoHosts view={view} />
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="frame matrix" aria-label="Matrix of hosts and architectures" tabIndex={0}>
      <RawHtml html={tableHtml(matrix, publicPath, repositories)} />
    </section>
  )
}

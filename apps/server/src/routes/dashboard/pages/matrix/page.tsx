import type { Matrix, MatrixCell } from '@rumpfarm/farm'
import { segment } from '../../components/html.ts'
import { Ago, Drawn, drawPage, Mark, type Visit } from '../../components/layout.tsx'
import { A, usePublicPath } from '../../components/links.tsx'
import { counted, shortCommit, wordOf } from '../../components/verdict-words.ts'
import { type Summary, spread, summarise, type Trouble, troubles } from './summary.ts'
import { drawTable } from './table.ts'

export interface MatrixPage {
  visit: Visit
  matrix: Matrix
  /** Every project's name, whatever is shown. */
  projects: readonly string[]
  /** The one project shown. */
  project?: string | undefined
  /** The branch that was asked for; without it, each project's main branch is shown. */
  branch?: string | undefined
}

export function drawMatrixPage({ visit, matrix, projects, project, branch }: MatrixPage): string {
  const summary = summarise(matrix)
  const active = summary.running + summary.waiting > 0
  return drawPage({
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
        {(projects.length > 1 || branch !== undefined) && <Filter projects={projects} project={project} />}
        {(project !== undefined || projects.length === 1) && <Branches matrix={matrix} />}
        <Troubles matrix={matrix} />
        <MatrixTable matrix={matrix} />
      </>
    ),
  })
}

/** What the morning brings, in one sentence. */
function headline({ cells: all, passed, trouble, known, never, prevented }: Summary): string {
  const cells = all - prevented
  if (cells === 0) return 'Nothing is expected yet'
  const open = cells - passed - trouble - known - never
  const rest = [
    known > 0 ? `, ${known} known to fail` : '',
    never > 0 ? `, ${never} never ran` : '',
    open > 0 ? `, ${open} without a result` : '',
  ].join('')
  if (trouble > 0) return `${trouble} of ${counted(cells, 'cell')} failing${rest}`
  return rest === '' ? `All ${cells} cells pass` : `Nothing ${known > 0 ? 'new ' : ''}fails${rest}`
}

function Totals({ summary }: { summary: Summary }) {
  const { passed, trouble, known, never, prevented, cancelled, running, waiting } = summary
  const parts = [
    ['passed', passed],
    ['failed', trouble],
    ['known', known],
    ['cancelled', cancelled],
    ['never', never],
    ['prevented', prevented],
  ] as const
  const under = [running > 0 ? `${running} running` : '', waiting > 0 ? `${waiting} queued` : ''].filter(Boolean)
  return (
    <p class="totals">
      {parts
        .filter(([, count]) => count > 0)
        .map(([status, count]) => (
          <>
            <Mark status={status}>
              {count} {status === 'failed' ? 'failing' : wordOf[status]}
            </Mark>{' '}
          </>
        ))}
      {under.length > 0 && <Mark status="running">{under.join(', ')}</Mark>}
    </p>
  )
}

function Filter({ projects, project }: { projects: readonly string[]; project: string | undefined }) {
  return (
    <nav class="filter" aria-label="Project">
      <span>Project</span>
      <A to="/" aria-current={project === undefined ? 'true' : undefined}>
        all projects
      </A>{' '}
      {projects.map(name => (
        <>
          <A to={`/?project=${segment(name)}`} aria-current={name === project ? 'true' : undefined}>
            {name}
          </A>{' '}
        </>
      ))}
      {project !== undefined && <A to={`/projects/${segment(project)}`}>about {project} →</A>}
    </nav>
  )
}

/** The branches of the one project that is shown. */
export function Branches({ matrix }: { matrix: Matrix }) {
  const [only] = matrix.branches
  if (!only || matrix.branches.length > 1 || only.built.length < 2) return null
  return (
    <nav class="filter" aria-label="Branch">
      <span>Branch</span>
      {only.built.map(name => (
        <>
          <A
            to={`/?project=${segment(only.project)}&branch=${segment(name)}`}
            aria-current={name === only.shown ? 'true' : undefined}
          >
            {name}
          </A>{' '}
        </>
      ))}
    </nav>
  )
}

const troublesShown = 8
const cellsShown = 6

function Troubles({ matrix }: { matrix: Matrix }) {
  const all = troubles(matrix)
  if (all.length === 0) return null
  return (
    <section class="troubles" aria-label="What fails, newest first">
      <ul>
        {all.slice(0, troublesShown).map(trouble => (
          <li>
            <TroubleLine trouble={trouble} at={matrix.at} />
          </li>
        ))}
      </ul>
      {all.length > troublesShown && <p>… and {counted(all.length - troublesShown, 'older kind')} of failure below.</p>}
    </section>
  )
}

function TroubleLine({ trouble, at }: { trouble: Trouble; at: Date }) {
  const { project, status, step, cells, of, notYet, since, failing } = trouble
  const where = spread(cells.length, of, notYet)
  return (
    <>
      <Mark status={status}>
        {project} {wordOf[status]}
        {step === null ? '' : ` at ${step}`}
      </Mark>{' '}
      since <Ago from={since.at} at={at} /> (<A to={`/builds/${since.buildId}`}>build {since.buildId}</A>,{' '}
      <code>{shortCommit(since.commit)}</code>)
      {failing.buildId !== since.buildId && `, failing since build ${failing.buildId}`}
      {where === '' ? '' : `, ${where}`}:{' '}
      {cells.slice(0, cellsShown).map((cell, index) => (
        <>
          {index > 0 && ', '}
          <CellLink cell={cell} />
        </>
      ))}
      {cells.length > cellsShown && `, and ${cells.length - cellsShown} more`}
    </>
  )
}

const CellLink = ({ cell: { host, arch, variant, last } }: { cell: MatrixCell }) => (
  <A to={`/jobs/${last?.jobId}`}>
    {host} {arch}
    {variant === 'default' ? '' : ` ${variant}`}
  </A>
)

/** The table in a frame of its own: a wide one scrolls there, by keyboard as well, and the page stays where it is. */
export function MatrixTable({ matrix }: { matrix: Matrix }) {
  const publicPath = usePublicPath()
  if (matrix.hosts.length === 0)
    return (
      <p class="empty">
        No host has joined yet. <A to="/hosts/new">Invite a host</A>: it needs a POSIX shell, tar, gzip and one HTTP
        client (curl, wget, perl, python, nc or openssl).
      </p>
    )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="frame matrix" aria-label="Matrix of hosts and architectures" tabIndex={0}>
      <Drawn html={drawTable(matrix, publicPath)} />
    </section>
  )
}

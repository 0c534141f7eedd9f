import type { LastGoodCell } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { BranchNav, BranchPages, DeletedBranch } from '../../components/branch-pages.tsx'
import { cellPathOn } from '../../components/cell-path.ts'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted, statusLabel } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'

export interface LastGoodPage {
  visit: Visit
  project: string
  branch: string
  branches: readonly string[]
  /** When the branch was deleted in its repository; null if it exists. */
  deletedAt: Date | null
  host: string | undefined
  /** At most one more than `cellsShown`. */
  cells: readonly LastGoodCell[]
}

export const cellsShown = 1500

export function renderLastGoodPage({ visit, project, branch, branches, deletedAt, host, cells }: LastGoodPage): string {
  const path = `/projects/${segment(project)}/last-good`
  const shown = cells.slice(0, cellsShown)
  return renderPage({
    title: `Last good commits of ${project}, branch ${branch}`,
    visit,
    live: true,
    history: true,
    matrix: { project, branch },
    children: (
      <>
        <h1>
          Last good commits of <Link to={`/projects/${segment(project)}`}>{project}</Link>, branch {branch}
        </h1>
        <DeletedBranch branch={branch} deletedAt={deletedAt} at={visit.at} />
        <BranchNav branches={branches} shown={branch} path={path} />
        <BranchPages project={project} branch={branch} current="last-good" />
        {host !== undefined && (
          <p>
            Only host {host}. <Link to={`${path}?branch=${segment(branch)}`}>Show all hosts</Link>
          </p>
        )}
        {shown.length === 0 ? (
          <p class="empty">No job of this branch has ended here.</p>
        ) : (
          <Cells project={project} branch={branch} cells={oldestFirst(shown)} at={visit.at} />
        )}
        {cells.length > cellsShown && (
          <p>The table shows the first {cellsShown} cells by host. Select a host on its page to see others.</p>
        )}
      </>
    ),
  })
}

/** The cells that have not passed for the longest time are first. */
const oldestFirst = (cells: readonly LastGoodCell[]): LastGoodCell[] =>
  cells.toSorted((one, other) => timeOf(one) - timeOf(other))

/** A cell that never passed is first. Cells that pass now are last, in the order of their names. */
const timeOf = ({ lastGood, behind }: LastGoodCell): number =>
  behind === 0 ? Number.MAX_SAFE_INTEGER : (lastGood?.at.getTime() ?? 0)

interface TableProps {
  project: string
  branch: string
  cells: readonly LastGoodCell[]
  at: Date
}

/** Cells that passed at the newest commit are folded, because they need no attention. */
function Cells({ cells, ...rest }: TableProps) {
  const passed = cells.filter(({ behind }) => behind === 0)
  const others = cells.filter(({ behind }) => behind !== 0)
  return (
    <>
      {others.length > 0 && <CellTable {...rest} cells={others} label="Cells without a pass at the newest commit" />}
      {passed.length > 0 && (
        <details open={others.length === 0}>
          <summary>{counted(passed.length, 'cell')} passed at the newest commit</summary>
          <CellTable {...rest} cells={passed} label="Cells that passed at the newest commit" />
        </details>
      )}
    </>
  )
}

const CellTable = ({ project, branch, cells, at, label }: TableProps & { label: string }) => (
  <ScrollFrame label={label}>
    <table class="list">
      <caption class="hidden-text">{label}</caption>
      <thead>
        <tr>
          <th scope="col">Cell</th>
          <th scope="col">Status</th>
          <th scope="col">Last good commit</th>
          <th scope="col">Age</th>
          <th scope="col">Behind the newest commit</th>
        </tr>
      </thead>
      <tbody>
        {cells.map(cell => (
          <CellRow project={project} branch={branch} cell={cell} at={at} />
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)

function CellRow({ project, branch, cell, at }: Omit<TableProps, 'cells'> & { cell: LastGoodCell }) {
  const { host, arch, variant, verdict, jobId, lastGood, behind } = cell
  return (
    <tr>
      <th scope="row">
        <Link to={cellPathOn({ project, branch, host, arch, variant })}>
          {host} {arch}
          {variant === 'default' ? '' : ` ${variant}`}
        </Link>
      </th>
      <td>
        <Link class={`mark ${verdict}`} to={`/jobs/${jobId}`}>
          {statusLabel[verdict]}
        </Link>
      </td>
      <td>
        {lastGood ? (
          <>
            <CommitLink project={project} commit={lastGood.commit} />{' '}
            <Link to={lastGood.jobId === null ? `/builds/${lastGood.buildId}` : `/jobs/${lastGood.jobId}`}>
              {lastGood.jobId === null ? `build ${lastGood.buildId}` : `job ${lastGood.jobId}`}
            </Link>
          </>
        ) : (
          'never passed'
        )}
      </td>
      <td>{lastGood && <Ago from={lastGood.at} at={at} />}</td>
      <td>{behindWords(behind)}</td>
    </tr>
  )
}

const behindWords = (behind: number | null): string =>
  behind === null ? '' : behind === 0 ? 'newest' : counted(behind, 'commit')

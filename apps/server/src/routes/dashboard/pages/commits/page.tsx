import type { CommitTable } from '@rumpfarm/farm'
import { BranchNav, BranchPages, DeletedBranch } from '../../components/branch-pages.tsx'
import { segment } from '../../components/escape.ts'
import { projectFeedPath } from '../../components/feed-paths.ts'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'
import { Table } from './table.tsx'

export interface CommitsPage {
  visit: Visit
  table: CommitTable
  host: string | undefined
  arch: string | undefined
  before: number | undefined
}

export function renderCommitsPage(page: CommitsPage): string {
  const { visit, table } = page
  const { project, branch, branches } = table
  const path = `/projects/${segment(project)}/commits`
  return renderPage({
    title: `Commits of ${project}, branch ${branch}`,
    visit,
    live: true,
    history: true,
    matrix: { project, branch },
    feeds: [{ title: `What changed in ${project}, branch ${branch}`, path: projectFeedPath(project, branch) }],
    children: (
      <>
        <h1>
          Commits of <Link to={`/projects/${segment(project)}`}>{project}</Link>, branch {branch}
        </h1>
        <DeletedBranch branch={branch} deletedAt={table.branchDeletedAt} at={visit.at} />
        <BranchNav branches={branches} shown={branch} path={path} />
        <BranchPages project={project} branch={branch} current="commits" />
        <Filter page={page} path={path} />
        {table.rows.length === 0 ? <p class="empty">No commits here.</p> : <Table table={table} at={visit.at} />}
        <Paging page={page} path={path} />
      </>
    ),
  })
}

type Query = Record<string, string | number | undefined>

const addressOf = (path: string, query: Query): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return `${path}?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`
}

const queryOf = ({ table: { branch }, host, arch, before }: CommitsPage): Query => ({ branch, host, arch, before })

/** Says which hosts the table shows, if it does not show all. */
function Filter({ page, path }: { page: CommitsPage; path: string }) {
  const { host, arch } = page
  if (host === undefined && arch === undefined) return null
  const words = [host && `host ${host}`, arch && `architecture ${arch}`].filter(Boolean).join(', ')
  return (
    <p>
      Only {words}. <Link to={addressOf(path, { branch: page.table.branch })}>Show all hosts</Link>
    </p>
  )
}

function Paging({ page, path }: { page: CommitsPage; path: string }) {
  const { table, before } = page
  const { fromColumn, columns, moreColumns, next } = table
  return (
    <nav class="filter" aria-label="Pages">
      {before !== undefined && (
        <Link to={addressOf(path, { ...queryOf(page), before: undefined })}>Newest commits</Link>
      )}{' '}
      {next !== null && <Link to={addressOf(path, { ...queryOf(page), before: next })}>Older commits</Link>}{' '}
      {fromColumn > 0 && <Link to={addressOf(path, queryOf(page))}>First hosts</Link>}{' '}
      {moreColumns && (
        <Link to={addressOf(path, { ...queryOf(page), column: fromColumn + columns.length })}>
          Hosts after {columns.at(-1)?.host}
        </Link>
      )}
    </nav>
  )
}

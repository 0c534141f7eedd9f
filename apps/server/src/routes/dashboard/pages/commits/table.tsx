import type { CommitTable } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { CommitName } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { Link, usePublicPath } from '../../components/links.tsx'
import { RawParts } from '../../components/raw-html.tsx'
import { resultsHtml } from './results-html.ts'

/** Rows are commits, columns are hosts and arches. The worst variant is shown. */
export const Table = ({ table, at }: { table: CommitTable; at: Date }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
  <section class="frame commit-frame" aria-label="Results by commit and host" tabIndex={0}>
    <table class="commit-table">
      <caption class="hidden-text">Results by commit, host and architecture; the worst variant is shown</caption>
      <thead>
        <tr>
          <th scope="col">Commit</th>
          {table.columns.map(({ host, arch }) => (
            <th scope="col" class="cell-name" title={`${host} ${arch}`}>
              <Link
                to={`/projects/${segment(table.project)}/commits?branch=${segment(table.branch)}&host=${segment(host)}`}
              >
                {host}
              </Link>{' '}
              {arch}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.map(row => (
          <Row table={table} row={row} at={at} />
        ))}
      </tbody>
    </table>
  </section>
)

function Row({
  table,
  row: { commit, results },
  at,
}: {
  table: CommitTable
  row: CommitTable['rows'][number]
  at: Date
}) {
  const { subject, author, buildId } = commit
  return (
    <tr>
      <th scope="row" title={[subject, author].filter(Boolean).join(' · ')}>
        <CommitName repository={table.repository} commit={commit.commit} />{' '}
        <Link to={`/builds/${buildId}`}>#{buildId}</Link> {subject ?? ''}{' '}
        <small>
          {author === null ? '' : `${author}, `}
          <Ago from={commit.at} at={at} />
        </small>
      </th>
      <RawParts html={resultsHtml(results, table.columns, usePublicPath())} />
    </tr>
  )
}

import type { CommitTable, FoldedResult } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { CommitName } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { Link } from '../../components/links.tsx'
import { statusLabel } from '../../components/status.ts'

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
      {results.map((result, index) => (
        <Result result={result} name={nameOf(table.columns[index])} />
      ))}
    </tr>
  )
}

const nameOf = (column: CommitTable['columns'][number] | undefined): string =>
  column ? `${column.host} ${column.arch}` : ''

function Result({ result, name }: { result: FoldedResult | null; name: string }) {
  if (!result) return <td />
  const status = result.verdict ?? 'queued'
  const words = wordsOf(result)
  return (
    <td class={`of-${status}`}>
      <Link class={`mark ${status}`} to={`/jobs/${result.jobId}`} title={`${name}: ${words}`}>
        <span class="hidden-text">
          {name}: {words}
        </span>
      </Link>
    </td>
  )
}

function wordsOf({ verdict, failedStep, variants, of }: FoldedResult): string {
  if (verdict === null) return 'not finished'
  const step = verdict !== 'passed' && failedStep !== null ? ` at ${failedStep}` : ''
  const count = of > 1 && verdict !== 'passed' ? ` (${variants} of ${of} variants)` : ''
  return `${statusLabel[verdict]}${step}${count}`
}

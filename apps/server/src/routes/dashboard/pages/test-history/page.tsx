import type { TestHistory, TestHistoryCell } from '@rumpfarm/farm'
import { isBad } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { segment } from '../../components/escape.ts'
import { HostLink } from '../../components/host-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link, usePublicPath } from '../../components/links.tsx'
import { RawParts } from '../../components/raw-html.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'
import { OutcomeMark } from '../../components/test-outcome.tsx'
import { duration } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'
import { resultsHtml } from './results-html.ts'

export interface TestHistoryPage {
  visit: Visit
  history: TestHistory
  /** The number of cells on the pages before. */
  from: number
}

/** Each cell has up to 20 results, and each result is a link. */
export const cellsShown = 50

export function renderTestHistoryPage({ visit, history, from }: TestHistoryPage): string {
  const { project, suite, name, cells, total, failing, more, firstSeenAt } = history
  return renderPage({
    title: `Test ${name} of ${project}`,
    visit,
    children: (
      <>
        <p class="crumbs">
          <Link to={`/projects/${segment(project)}`}>{project}</Link> ·{' '}
          <Link to={`/projects/${segment(project)}/tests`}>tests</Link> {suite !== '' && <> · {suite}</>}
        </p>
        <h1 class="test-title">{name}</h1>
        <p>
          {failing === 0
            ? `The newest result is no failure in ${counted(total, 'cell')}. `
            : `Fails in ${failing} of ${counted(total, 'cell')}. `}
          First seen <Ago from={firstSeenAt} at={visit.at} />.
        </p>
        <ScrollFrame label={`Results of ${name}`}>
          <table class="list">
            <caption class="hidden-text">Results of {name} on each host; the newest result is the last</caption>
            <thead>
              <tr>
                <th scope="col">Host</th>
                <th scope="col">Architecture</th>
                <th scope="col">Newest</th>
                <th scope="col">Results, newest last</th>
                <th scope="col">Duration</th>
                <th scope="col">Message of the newest failure</th>
              </tr>
            </thead>
            <tbody>
              {cells.map(cell => (
                <Row cell={cell} at={visit.at} />
              ))}
            </tbody>
          </table>
        </ScrollFrame>
        <Paging history={history} from={from} />
        {more && (
          <p>
            The test ran in more than {total} cells. The farm lists {total} of them.
          </p>
        )}
        <p>
          This list as <Link to={`/api/v1/projects/${segment(project)}/tests/${history.id}?format=csv`}>CSV</Link> or{' '}
          <Link to={`/api/v1/projects/${segment(project)}/tests/${history.id}`}>JSON</Link>.
        </p>
      </>
    ),
  })
}

/** Without failures, the cells have only one order, so the page does not say it. */
function Paging({ history: { id, project, cells, total, failing, next }, from }: Omit<TestHistoryPage, 'visit'>) {
  if (from === 0 && !next) return null
  const path = `/projects/${segment(project)}/tests/${id}`
  const order = failing === 0 ? '' : ', failing cells first'
  return (
    <nav class="filter" aria-label="Pages">
      {cells.length > 0 && `Cells ${from + 1} to ${from + cells.length} of ${total}${order}. `}
      {from > 0 && (
        <Link to={from <= cellsShown ? path : `${path}?from=${from - cellsShown}`}>
          {cells.length === 0 ? 'First cells' : 'Cells before'}
        </Link>
      )}{' '}
      {next && <Link to={`${path}?from=${from + cellsShown}`}>Further cells</Link>}
    </nav>
  )
}

function Row({ cell: { host, arch, variant, results }, at }: { cell: TestHistoryCell; at: Date }) {
  const [newest] = results
  const failure = results.find(({ outcome }) => isBad(outcome))
  return (
    <tr>
      <th scope="row">
        <HostLink name={host} />
      </th>
      <td>
        {arch} {variant === 'default' ? '' : variant}
      </td>
      <td>
        {newest && (
          <>
            <OutcomeMark outcome={newest.outcome} /> <Ago from={newest.finishedAt} at={at} />
          </>
        )}
      </td>
      <td class="results">
        <RawParts html={resultsHtml(results.toReversed(), usePublicPath())} />
      </td>
      <td>{newest?.durationMs == null ? '' : duration(newest.durationMs)}</td>
      <td class="test-message">{failure?.message?.slice(0, 200)}</td>
    </tr>
  )
}

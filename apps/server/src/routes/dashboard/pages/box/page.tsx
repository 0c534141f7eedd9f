import { type BoxCell, type BoxView, isFailure, looksFailed } from '@rumpfarm/farm'
import { Since } from '../../components/ago.tsx'
import { cellPathOn } from '../../components/cell-path.ts'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { counted, statusLabel } from '../../components/status.ts'
import { duration } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'
import { lookLabel } from '../matrix/legend.tsx'
import { type MatrixView, matrixPath } from '../matrix/view.ts'

export interface BoxPage {
  visit: Visit
  box: BoxView
  /** The part of the matrix's filter that selects the cells. */
  view: MatrixView
}

export const renderBoxPage = ({ visit, box, view }: BoxPage): string =>
  renderPage({
    title: `${box.arch} on ${box.host?.name}`,
    visit,
    live: true,
    grid: true,
    matrix: { project: view.project, branch: view.branch },
    children: (
      <>
        <p class="crumbs">
          <Link to={matrixPath(view)}>Matrix</Link>
        </p>
        <BoxCells box={box} view={view} heading="h1" admin={visit.admin} />
      </>
    ),
  })

interface BoxProps {
  box: BoxView
  view: MatrixView
  heading: 'h1' | 'h2'
  /** Administrators can run jobs again. */
  admin: boolean
}

/** Everything about a box. The panel of the matrix page shows the same. */
export function BoxCells({ box, view, heading: Heading, admin }: BoxProps) {
  const { host, arch, cells, at } = box
  const loud = cells.filter(({ look }) => look !== 'passed')
  const passed = cells.filter(({ look }) => look === 'passed')
  return (
    <div class="box">
      <Heading id="box-title">
        {arch} on {host?.name}
      </Heading>
      <p class="box-links">
        {host?.system} · <Link to={`/hosts/${segment(host?.name ?? '')}`}>Host</Link> ·{' '}
        <Link to={matrixPath(view, { arch })}>All hosts for {arch}</Link>
      </p>
      {cells.length === 0 && <p class="empty">No project builds {arch} on this host.</p>}
      {loud.length > 0 && (
        <ul class="box-cells">
          {loud.map((cell, index) => (
            <li>
              <CellLine cell={cell} at={at} />
              {admin && cell.last && !cell.active && (
                <small>
                  {' '}
                  · <Link to={`/jobs/${cell.last.jobId}/retry`}>Run again</Link>
                </small>
              )}
              {cell.range && !isToldAbove(cell, loud[index - 1]) && <Why cell={cell} at={at} />}
            </li>
          ))}
        </ul>
      )}
      {passed.length > 0 && <Passed cells={passed} at={at} />}
    </div>
  )
}

const nameOf = ({ project, variant }: BoxCell) => (variant === 'default' ? project : `${project} ${variant}`)

/** Variants that fail for one reason share one explanation. */
const isToldAbove = (cell: BoxCell, above: BoxCell | undefined): boolean =>
  above?.range != null &&
  above.project === cell.project &&
  above.last?.since.commit === cell.last?.since.commit &&
  above.last?.fingerprint === cell.last?.fingerprint &&
  above.last?.failedStep === cell.last?.failedStep

function CellLine({ cell, at }: { cell: BoxCell; at: Date }) {
  const { look, last, active, prevented } = cell
  const failed = last !== null && isFailure(last.verdict)
  const step = failed && last.failedStep !== null ? ` at ${last.failedStep}` : ''
  const late = last?.verdict === 'timed-out' && looksFailed(look) ? ' late' : ''
  const words =
    last && look !== 'running' && look !== 'queued' ? `${statusLabel[last.verdict]}${step}` : lookLabel[look]
  return (
    <>
      <b>
        <Link to={cellPathOn(cell)}>{nameOf(cell)}</Link>
      </b>{' '}
      <span class={`mark ${look}${late}`}>{last ? <Link to={`/jobs/${last.jobId}`}>{words}</Link> : words}</span>{' '}
      {last && (
        <small>
          for <Since from={last.since.at} at={at} />
        </small>
      )}
      {look === 'unconfirmed' && <small> · one attempt failed; the farm runs it again</small>}
      {look === 'flaky' && last && (
        <small>
          {' '}
          · flaky: {counted(last.flakiness.changes, 'change')} in {counted(last.flakiness.results, 'result')}
        </small>
      )}
      {last?.testsMissing && <small> · tests missing: earlier jobs of this cell had tests</small>}
      {look === 'never-ran' && active === null && <small> no job has ended here</small>}
      {prevented !== null && <small> · {prevented}</small>}
      <Known cell={cell} />
      {active && (
        <>
          {' '}
          ·{' '}
          <Link class={`mark ${active.state}`} to={`/jobs/${active.jobId}`}>
            {statusLabel[active.state]} {active.step ?? ''}
          </Link>{' '}
          <small>
            <Since from={active.since} at={at} />
            {active.state === 'running' && last?.expectedMs != null && ` of about ${duration(last.expectedMs)}`}
          </small>
        </>
      )}
    </>
  )
}

function Known({ cell: { known, acknowledged, last } }: { cell: BoxCell }) {
  if (!last || !isFailure(last.verdict)) return null
  return (
    <>
      {known !== null && <small> · known to fail: {known}</small>}
      {acknowledged && (
        <small>
          {' '}
          · acknowledged by {acknowledged.owner}: {acknowledged.note}
        </small>
      )}
    </>
  )
}

function Why({ cell, at }: { cell: BoxCell; at: Date }) {
  const { last, range } = cell
  if (!last || !range) return null
  const { since, changed, lastGood } = last
  return (
    <div class="why">
      {last.message !== null && (
        <p>
          <code>{last.message}</code>
        </p>
      )}
      <p>
        Since <CommitLink project={cell.project} commit={since.commit} /> (
        <Link to={`/builds/${since.buildId}`}>build {since.buildId}</Link>)
        {range.author !== null && ` ${range.author}: ${range.subject}`}
        {changed && (
          <>
            {' '}
            · another failure before <Link to={`/builds/${changed.buildId}`}>build {changed.buildId}</Link>
          </>
        )}
        {lastGood ? (
          <>
            {' '}
            · last good <CommitLink project={cell.project} commit={lastGood.commit} /> (
            <Link to={`/builds/${lastGood.buildId}`}>build {lastGood.buildId}</Link>){' '}
            <Since from={lastGood.at} at={at} /> ago
          </>
        ) : (
          ' · never passed'
        )}
        {range.commits !== null && range.commits > 1 && (
          <>
            {' '}
            · one of <Link to={cellPathOn(cell)}>{range.commits} commits</Link>
          </>
        )}
      </p>
      <p>
        {alsoOn(range)} · <Link to={`/jobs/${last.jobId}`}>job {last.jobId}</Link>
      </p>
    </div>
  )
}

const hostsShown = 4

function alsoOn({ alsoOn: hosts, of }: NonNullable<BoxCell['range']>): string {
  if (hosts.length === 0) return of > 0 ? `only on this host (${counted(of, 'other host')})` : 'the only host'
  const names = hosts.slice(0, hostsShown).join(', ')
  const more = hosts.length > hostsShown ? ` and ${hosts.length - hostsShown} more` : ''
  return `also on ${hosts.length} of ${counted(of, 'other host')}: ${names}${more}`
}

const Passed = ({ cells, at }: { cells: readonly BoxCell[]; at: Date }) => (
  <p class="box-passed">
    <span class="mark passed">{counted(cells.length, 'cell')} passed:</span>{' '}
    {cells.map((cell, index) => (
      <>
        {index > 0 && ', '}
        <Link to={`/jobs/${cell.last?.jobId}`}>{nameOf(cell)}</Link>{' '}
        {cell.last && (
          <small>
            <Since from={cell.last.finishedAt} at={at} />
            {cell.active && `, ${statusLabel[cell.active.state]}`}
          </small>
        )}
      </>
    ))}
  </p>
)

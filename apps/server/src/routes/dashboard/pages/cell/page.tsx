import type { CellView, QueueEntry } from '@rumpfarm/farm'
import { AcknowledgementOf } from '../../components/acknowledgement.tsx'
import { Ago, WithAges } from '../../components/ago.tsx'
import { BisectionOfCell, type CellBisection } from '../../components/bisection.tsx'
import { BranchNav, DeletedBranch } from '../../components/branch-pages.tsx'
import { cellPath, cellPathOn } from '../../components/cell-path.ts'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { Facts } from '../../components/facts.tsx'
import { cellFeedPath } from '../../components/feed-paths.ts'
import { FollowLink } from '../../components/follow-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { RetryButton } from '../../components/retry-button.tsx'
import { counted } from '../../components/status.ts'
import { duration } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'
import { Failure } from '../job/failure.tsx'
import { NextRun } from './next-run.tsx'
import { DurationPlot } from './plot.tsx'
import { RunTable } from './run-table.tsx'
import { ChangesSinceLastGood } from './since-last-good.tsx'
import { runPath, runWords, Strip } from './strip.tsx'
import { cellMark, stateReason, stateWords } from './words.ts'

export interface CellPage {
  visit: Visit
  cell: CellView
  /** The place of the first waiting job in the queue of the host. */
  next: QueueEntry | undefined
  /** Undefined if the cell does not fail. */
  bisection: CellBisection | undefined
}

export function renderCellPage({ visit, cell, next, bisection }: CellPage): string {
  const { project, host, arch, variant, branch, last, open, sinceLastGood } = cell
  const { at } = visit
  const words = stateWords(cell, at)
  return renderPage({
    title: `${host} ${arch}${variant === 'default' ? '' : ` ${variant}`}, ${project}: ${words}`,
    visit,
    live: true,
    history: true,
    reloadSeconds: open.length > 0 ? 30 : undefined,
    matrix: { project, branch },
    feeds: [{ title: `Runs of ${project} on ${host} ${arch}, branch ${branch}`, path: cellFeedPath(cell, branch) }],
    children: (
      <>
        <Crumbs cell={cell} />
        <h1 class={`verdict ${cellMark(cell)}`}>
          <WithAges text={words} times={[cell.last?.since.at, cell.last?.changed?.at]} at={visit.at} />
        </h1>
        <DeletedBranch branch={branch} deletedAt={cell.branchDeletedAt} at={at} />
        {last && <p class="lead">{stateReason(last)}</p>}
        {last?.testsMissing && (
          <p>
            <strong class="mark tests-missing">Tests missing:</strong> the newest run passed without any test, but
            earlier runs had tests.
          </p>
        )}
        {cell.known !== null && <p>Known failure: {cell.known}.</p>}
        <CellFacts cell={cell} at={at} />
        <Runs cell={cell} />
        <div class="cell-columns">
          <div>
            <CellFailure cell={cell} />
            {sinceLastGood && <ChangesSinceLastGood project={project} changes={sinceLastGood} at={at} />}
            {bisection && <BisectionOfCell visit={visit} {...bisection} />}
            <Acknowledged visit={visit} cell={cell} />
            <NextRun cell={cell} next={next} at={at} />
            <FollowLink visit={visit} what="this cell" {...{ project, branch, host, arch, variant }} />
            {visit.admin && last && open.length === 0 && (
              <div class="action">
                <RetryButton to={`/jobs/${last.jobId}/retry`} text={`Run job ${last.jobId} again`} />
              </div>
            )}
          </div>
          <Durations cell={cell} at={at} />
        </div>
      </>
    ),
  })
}

function Acknowledged({ visit, cell }: { visit: Visit; cell: CellView }) {
  const { last, acknowledged } = cell
  if (last?.verdict !== 'failed' && last?.verdict !== 'timed-out') return null
  const failing = { ...cell, fingerprint: last.fingerprint }
  return <AcknowledgementOf visit={visit} cell={failing} acknowledged={acknowledged} back={cellPathOn(cell)} />
}

function Crumbs({ cell }: { cell: CellView }) {
  const { project, branch, branches, host, arch, variant } = cell
  return (
    <>
      <p class="crumbs">
        <Link to={`/projects/${segment(project)}`}>{project}</Link> ·{' '}
        <Link to={`/?project=${segment(project)}&branch=${segment(branch)}`}>branch {branch}</Link> ·{' '}
        <Link to={`/hosts/${segment(host)}`}>{host}</Link> · {arch}
        {variant === 'default' ? '' : ` · variant ${variant}`}
      </p>
      <BranchNav branches={branches} shown={branch} path={cellPath(cell)} />
    </>
  )
}

function CellFacts({ cell: { project, last }, at }: { cell: CellView; at: Date }) {
  if (!last) return null
  const { flakiness, expectedMs, lastGood } = last
  const step = last.verdict !== 'passed' && last.failedStep !== null ? ` at ${last.failedStep}` : ''
  return (
    <Facts
      rows={[
        [
          'Newest run',
          <>
            <Link class={`mark ${last.verdict}`} to={`/jobs/${last.jobId}`}>
              {runWords(last)}
              {step}
            </Link>{' '}
            <Ago from={last.finishedAt} at={at} />
          </>,
        ],
        ['Commit', <CommitLink project={project} commit={last.commit} />],
        ['Build', <Link to={`/builds/${last.buildId}`}>#{last.buildId}</Link>],
        ['Last good', lastGood ? <CommitLink project={project} commit={lastGood.commit} /> : 'never'],
        ['Expected time', expectedMs === null ? '' : duration(expectedMs)],
        [
          'Flaky',
          flakiness.flaky ? `yes: ${counted(flakiness.changes, 'change')} in ${counted(flakiness.results, 'run')}` : '',
        ],
      ]}
    />
  )
}

/** The first error of the newest failed run, and where else it occurs. */
function CellFailure({ cell: { failure, spread, seenBefore, last, host } }: { cell: CellView }) {
  if (!failure || !spread || !last) return null
  return (
    <Failure
      failure={failure}
      spread={spread}
      seenBefore={seenBefore}
      buildId={last.buildId}
      host={host}
      path={runPath(failure)}
    />
  )
}

function Runs({ cell: { runs } }: { cell: CellView }) {
  if (runs.length === 0) return <p class="empty">No run of this branch has ended here.</p>
  return (
    <>
      <h2>
        Last {counted(runs.length, 'run')} <small>in the order of the commits, newest commit last</small>
      </h2>
      <Strip runs={runs} />
    </>
  )
}

function Durations({ cell: { project, runs, last }, at }: { cell: CellView; at: Date }) {
  if (runs.length === 0) return null
  return (
    <section aria-label="Durations of the runs">
      <h2>Durations</h2>
      <DurationPlot runs={runs} expectedMs={last?.expectedMs ?? null} />
      <RunTable project={project} runs={runs} at={at} />
    </section>
  )
}

import type { Cause, Glance, GlanceCell, News } from '@rumpfarm/farm'
import { Since } from '../../components/ago.tsx'
import { cellPathOn } from '../../components/cell-path.ts'
import { CommitLink, CompareLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { Link } from '../../components/links.tsx'
import { counted } from '../../components/status.ts'
import { type MatrixView, matrixPath } from './view.ts'

/** Longer lists are folded, or have a link to all groups. */
const causesShown = 5
/** With 21 to 30 hosts, the page fits on one screen (1,000 pixels) if the lists are short. */
const fewHosts = { least: 21, most: 30 }
const causesOfFewHosts = 2
const cellsShown = 2
const hostsShown = 6

/** What changed first: new failures, new passes, old failures, silent hosts and the longest wait. */
export function NewsLists({ glance, view }: { glance: Glance; view: MatrixView }) {
  const { news, at, groups } = glance
  const { failing, fixed, still, silent, longestWait } = news
  if (failing.length + fixed.length + still.length + silent.length === 0 && !longestWait) return null
  const hosts = groups.flatMap(({ rows }) => rows).length
  const limit = hosts >= fewHosts.least && hosts <= fewHosts.most ? causesOfFewHosts : causesShown
  return (
    <div class="news">
      <section class={failing.length > 0 ? 'first' : ''}>
        <Heading text="Newly failing" causes={failing} limit={limit} more={matrixPath(view, { trouble: true })} />
        <Causes causes={failing} at={at} limit={limit} />
      </section>
      <section>
        <Heading text="Newly fixed" causes={fixed} limit={limit} more={matrixPath(view, { status: 'fixed' })} />
        <Causes causes={fixed} at={at} limit={limit} />
      </section>
      <section>
        <Still causes={still} at={at} more={matrixPath(view, { trouble: true })} />
        <Others news={{ silent, longestWait }} at={at} />
      </section>
    </div>
  )
}

const boxesOf = (causes: readonly Cause[]): number =>
  new Set(causes.flatMap(({ cells }) => cells.map(({ host, arch }) => `${host}\n${arch}`))).size

interface Limited {
  causes: readonly Cause[]
  limit: number
}

/** `more`: the address of all boxes of the list. */
const Heading = ({ text, causes, limit, more }: Limited & { text: string; more: string }) => (
  <>
    <h2>
      {text} <small>{causes.length === 0 ? 'none since yesterday' : boxesOf(causes)}</small>
    </h2>{' '}
    <More causes={causes} limit={limit} to={more} />
  </>
)

const More = ({ causes, limit, to }: Limited & { to: string }) =>
  causes.length > limit ? <Link to={to}>{counted(causes.length - limit, 'more group')} in the grid</Link> : null

function Causes({ causes, limit, at }: Limited & { at: Date }) {
  if (causes.length === 0) return null
  return (
    <ul>
      {causes.slice(0, limit).map(cause => (
        <li>
          <CauseLine cause={cause} at={at} />
        </li>
      ))}
    </ul>
  )
}

function Still({ causes, at, more }: { causes: readonly Cause[]; at: Date; more: string }) {
  const oldest = causes.at(-1)
  if (!oldest) return null
  return (
    <details id="still" open={causes.length <= 2}>
      <summary>
        <h2>
          Still failing{' '}
          <small>
            {boxesOf(causes)} in {counted(causes.length, 'group')}, oldest for <Since from={oldest.since.at} at={at} />
          </small>
        </h2>
      </summary>
      <Causes causes={causes} at={at} limit={causesShown} />
      <More causes={causes} limit={causesShown} to={more} />
    </details>
  )
}

/** The commits after the last good one, with the forge's page that shows all of them. */
function CommitRange({ cause: { project, lastGood, since }, count }: { cause: Cause; count: number }) {
  const words = `${count} commits`
  if (lastGood === null) return words
  return (
    <CompareLink project={project} before={lastGood.commit} after={since.commit} otherwise={words}>
      {words}
    </CompareLink>
  )
}

function CauseLine({ cause, at }: { cause: Cause; at: Date }) {
  const { project, kind, step, timedOut, since, cells, lastGood, commits, author, subject, message } = cause
  const how = timedOut ? ' timed out at' : ''
  return (
    <>
      <Link class={`mark ${kind === 'still' ? 'failed' : kind}${timedOut ? ' late' : ''}`} to={cellPathOn(cells[0])}>
        {project}
        {kind === 'fixed' ? '' : `${how} ${step ?? ''}`}
      </Link>{' '}
      <small>
        <Since from={since.at} at={at} /> · <Link to={`/builds/${since.buildId}`}>#{since.buildId}</Link>{' '}
        <CommitLink project={project} commit={since.commit} />
        {kind === 'unconfirmed' && ' · unconfirmed'}
        {author !== null && (
          <>
            {' '}
            <b title={subject ?? ''}>{author}</b>
          </>
        )}
        {commits !== null && commits > 1 && (
          <>
            {' '}
            · one of <CommitRange cause={cause} count={commits} />
          </>
        )}
        {kind !== 'fixed' && lastGood === null && ' · never passed'} · {spread(cause)}:
      </small>{' '}
      {cells.slice(0, cellsShown).map((cell, index) => (
        <>
          {index > 0 && ', '}
          <CellLink cell={cell} />
        </>
      ))}
      {cells.length > cellsShown && `, ${cells.length - cellsShown} more`}
      {message !== null && (
        <>
          {' '}
          <code>{message}</code>
        </>
      )}
    </>
  )
}

/** Answers whether only one host fails. */
export function spread({ hosts, of, before, reached }: Cause): string {
  const open = of - Math.max(reached ?? of, hosts.length)
  const earlier = `${open > 0 ? `, ${open} have no result yet` : ''}${before > 0 ? `, ${before} more before` : ''}`
  if (hosts.length === 1) return of <= 1 ? `its only host${earlier}` : `only 1 of ${of} hosts${earlier}`
  return `${hosts.length === of ? 'all' : `${hosts.length} of`} ${of} hosts${earlier}`
}

const CellLink = ({ cell: { host, arch, variant, jobId } }: { cell: GlanceCell }) => (
  <Link to={`/jobs/${jobId}`}>
    {arch} {host}
    {variant === 'default' ? '' : ` ${variant}`}
  </Link>
)

function Others({ news: { silent, longestWait }, at }: { news: Pick<News, 'silent' | 'longestWait'>; at: Date }) {
  return (
    <>
      {silent.length > 0 && (
        <p>
          <b>{counted(silent.length, 'silent host')}</b>{' '}
          {silent.slice(0, hostsShown).map(({ host, since }, index) => (
            <>
              {index > 0 && ', '}
              <Link class="mark lost" to={`/hosts/${segment(host)}`}>
                {host}
              </Link>{' '}
              <small>
                for <Since from={since} at={at} />
              </small>
            </>
          ))}
          {silent.length > hostsShown && `, ${silent.length - hostsShown} more`}
        </p>
      )}
      {longestWait && (
        <p>
          <b>Longest wait</b>{' '}
          <Link class="mark queued" to={`/jobs/${longestWait.jobId}`}>
            {longestWait.arch} {longestWait.host}
          </Link>{' '}
          <small>
            <Since from={longestWait.since} at={at} />
          </small>
        </p>
      )}
    </>
  )
}

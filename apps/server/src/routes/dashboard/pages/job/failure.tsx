import type { FailureView } from '@rumpfarm/farm'
import type { JobFailure } from '../../../runs/failure-of.ts'
import { exitMeaning } from '../../components/exit-code.ts'
import { Link } from '../../components/links.tsx'
import { counted } from '../../components/status.ts'
import { byteCount } from '../../components/times.ts'
import { logPath } from '../../log/log-query.ts'
import { withoutWorkPath } from '../../log/work-path.ts'

interface Props extends JobFailure {
  buildId: number
  host: string
  /** The path of the attempt's page. */
  path: string
}

/** The first error of a failed job, with the lines around it. */
export function Failure({ failure, path, ...elsewhere }: Props) {
  const { line, message, excerpt, fromHost, skippedBytes } = failure
  return (
    <section class="failure" aria-label="First error">
      <h2>
        {titleOf(failure)} <small>{line !== null && <LineLink path={path} line={line} />}</small>
      </h2>
      <p class="message">
        <code>{withoutWorkPath(message, failure.attempt)}</code>
      </p>
      <p>
        <ExitText failure={failure} /> <Elsewhere {...elsewhere} />
      </p>
      {skippedBytes > 0 && (
        <p class="advice">
          The farm searched only the beginning and the end of this long step: it skipped {byteCount(skippedBytes)}{' '}
          between them, which may contain an earlier error.
        </p>
      )}
      {fromHost && (
        <p class="advice">
          <b>Probably the host:</b> the error is about its disk, memory, network or clock. Check the host before the
          commit.
        </p>
      )}
      {excerpt.lines.length > 0 && <Excerpt failure={failure} />}
      <Others failure={failure} path={path} />
    </section>
  )
}

const titleOf = ({ rule }: FailureView): string =>
  rule === 'last-lines' ? 'Last lines of the failed step' : rule === 'timeout' ? 'Time limit' : 'First error'

const LineLink = ({ path, line }: { path: string; line: number }) => (
  <Link to={logPath(path, { times: false }, { lines: line }, `L${line}`)}>line {line}</Link>
)

function ExitText({ failure: { step, exit, rule } }: { failure: FailureView }) {
  if (exit === null || rule === 'timeout') return <>Step {step} did not end by itself.</>
  const meaning = exitMeaning(exit)
  return (
    <>
      Step {step} ended with exit code {exit}
      {meaning !== undefined && ` (${meaning})`}.
    </>
  )
}

const namesShown = 5

function Elsewhere({ spread, seenBefore, buildId, host }: Omit<Props, 'failure' | 'path'>) {
  const others = spread.names.filter(name => name !== host)
  return (
    <>
      {spread.of > 1 &&
        (spread.hosts > 1 ? (
          <>
            The same error is on{' '}
            <Link to={`/builds/${buildId}`} title={others.join(', ')}>
              {spread.hosts} of {spread.of} hosts
            </Link>
            .{' '}
          </>
        ) : (
          `Of ${spread.of} hosts with a result, only ${host} has this error. `
        ))}
      {spread.sameSymbol.length > 0 && (
        <>
          Another message about <code>{spread.symbol}</code> is on {spread.sameSymbol.slice(0, namesShown).join(', ')}
          {spread.sameSymbol.length > namesShown && ' and others'}.{' '}
        </>
      )}
      {seenBefore === null ? (
        'No earlier build had this error.'
      ) : (
        <>
          Seen before in <Link to={`/jobs/${seenBefore.jobId}`}>build {seenBefore.buildId}</Link>.
        </>
      )}
    </>
  )
}

const Excerpt = ({ failure: { excerpt, line, attempt } }: { failure: FailureView }) => (
  <pre class="excerpt">
    {excerpt.lines.map((text, index) => (
      <ExcerptLine
        number={excerpt.firstLine + index}
        text={withoutWorkPath(text, attempt)}
        hot={excerpt.firstLine + index === line}
      />
    ))}
  </pre>
)

const ExcerptLine = ({ number, text, hot }: { number: number; text: string; hot: boolean }) => (
  <span class={hot ? 'err' : undefined}>
    <i>{number} </i>
    {text}
    {'\n'}
  </span>
)

function Others({ failure: { others, errors, attempt }, path }: { failure: FailureView; path: string }) {
  if (others.length === 0) return null
  return (
    <details>
      <summary>
        {counted(others.length, 'further error')}
        {errors > others.length + 1 && ` of ${errors - 1}`}
      </summary>
      <ul class="notes">
        {others.map(({ line, text }) => (
          <li>
            <LineLink path={path} line={line} /> <code>{withoutWorkPath(text, attempt)}</code>
          </li>
        ))}
      </ul>
    </details>
  )
}

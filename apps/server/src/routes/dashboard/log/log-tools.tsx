import { Form, Link } from '../components/links.tsx'
import { counted } from '../components/status.ts'
import { byteCount } from '../components/times.ts'
import { logPath } from './log-query.ts'
import { type FoundLines, foundLinesMax, searchedBytesMax, searchTextMax } from './search.ts'
import type { JobLog } from './shown-log.ts'

/** The links and the search form above a log. */
export function LogTools({ log }: { log: JobLog }) {
  const { window, rawPath, path, query, timesKnown, live } = log
  return (
    <>
      <p>
        {live && window.size === 0 ? 'No output yet' : byteCount(window.size)} · <Link to={rawPath}>Raw log</Link>
        {window.size > 0 && (
          <>
            {' · '}
            <Link to={logPath(path, { times: !query.times }, positionOf(log))}>
              {query.times ? 'Hide times' : 'Show times'}
            </Link>
            {live && (
              <>
                {' · '}
                <a href="#log-end">Newest line ↓</a>
              </>
            )}
          </>
        )}
        {window.firstLine === undefined && ' · The log is too long to count its lines. Line numbers start at 1 here.'}
      </p>
      {query.times && <p class="empty">{timesKnown ? timesText : unknownTimesText}</p>}
      {window.workPath !== undefined && (
        <p class="empty">
          <b class="work">$FARM_WORK</b> stands for <code>{window.workPath}</code>. The raw log has the full paths.
        </p>
      )}
      <ErrorLinks log={log} />
      {window.size > 0 && <SearchForm log={log} />}
      {log.found && <Found log={log} found={log.found} />}
    </>
  )
}

const timesText =
  'The times are counted from the start of the job. They show when the server received the lines, to about 5 s.'
const unknownTimesText = 'The server did not record when the lines of this log arrived.'

/** The parameters that show the same part of the log again. */
const positionOf = ({ query: { from, before, lines, step, find, match } }: JobLog) => ({
  from,
  before,
  lines: lines && `${lines.first}-${lines.last}`,
  step,
  find,
  match: find === undefined ? undefined : match,
})

function ErrorLinks({ log: { errors, path, query, found } }: { log: JobLog }) {
  const { lines, total } = errors
  if (lines.length === 0) return null
  const here = query.lines?.first ?? found?.lines[query.match - 1] ?? lines[0] ?? 0
  const previous = lines.findLast(line => line < here)
  const next = lines.find(line => line > here)
  return (
    <nav class="log-nav" aria-label="Errors in the log">
      {counted(total, 'error')} {total > lines.length && `(${lines.length} with a link) `}·{' '}
      <ErrorLink line={lines[0]} text="first" {...{ path, query }} />
      {previous !== undefined && (
        <>
          {' · '}
          <ErrorLink line={previous} text="previous" path={path} query={query} />
        </>
      )}
      {next !== undefined && (
        <>
          {' · '}
          <ErrorLink line={next} text="next" path={path} query={query} />
        </>
      )}
    </nav>
  )
}

const ErrorLink = ({
  line,
  text,
  path,
  query,
}: { line: number | undefined; text: string } & Pick<JobLog, 'path' | 'query'>) => (
  <Link to={logPath(path, query, { lines: line }, `L${line}`)} data-error={text}>
    {text}: line {line}
  </Link>
)

function SearchForm({ log: { path, query } }: { log: JobLog }) {
  return (
    <Form class="log-nav" aria-label="Search in the log" method="get" to={`${path}#log`}>
      <label for="find">Find in log</label>{' '}
      <input id="find" name="find" type="search" value={query.find} maxlength={searchTextMax} required />{' '}
      {query.times && <input type="hidden" name="times" value="1" />}
      <button type="submit">Search</button>
    </Form>
  )
}

function Found({ log: { path, query, window }, found }: { log: JobLog; found: FoundLines }) {
  const { lines, complete, text } = found
  const at = Math.min(query.match, lines.length)
  const link = (match: number, words: string) => (
    <Link to={logPath(path, query, { find: text, match }, `L${lines[match - 1]}`)}>{words}</Link>
  )
  return (
    <nav class="log-nav" aria-label="Search results">
      <span role="status">
        {!complete && (lines.length === foundLinesMax ? 'More than ' : `In the first ${byteCount(searchedBytesMax)}: `)}
        {lines.length === 0 ? 'No line contains' : `${counted(lines.length, 'line')} with`} “{text}”.
      </span>{' '}
      {at > 0 && (
        <>
          Line {lines[at - 1]} ({at} of {lines.length}){at > 1 && <> · {link(at - 1, 'Previous')}</>}
          {at < lines.length && <> · {link(at + 1, 'Next')}</>} ·{' '}
        </>
      )}
      <Link
        to={logPath(path, query, {
          lines: at > 0 ? lines[at - 1] : undefined,
          from: at > 0 ? undefined : window.start,
        })}
      >
        End search
      </Link>
    </nav>
  )
}

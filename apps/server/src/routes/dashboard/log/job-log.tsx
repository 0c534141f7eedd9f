import { Gone } from '../components/gone.tsx'
import { Link } from '../components/links.tsx'
import { RawHtml } from '../components/raw-html.tsx'
import { byteCount, day } from '../components/times.ts'
import { type LogQuery, logPath } from './log-query.ts'
import { LogTools } from './log-tools.tsx'
import { FoldedSection, SectionFrame } from './section-frame.tsx'
import type { LogSection } from './sections.ts'
import { sectionAt } from './sections.ts'
import type { JobLog } from './shown-log.ts'
import type { WindowPart } from './window.ts'

export function LogView({ log }: { log: JobLog }) {
  const { window, live, missingBytes, away, expired, damagedAt, path, query, sections } = log
  const follow = live ? followedFrom(log) : undefined
  return (
    <section
      class={query.times ? 'log timed' : 'log'}
      aria-label="Log"
      id="log"
      data-follow={follow}
      data-newest={follow !== undefined && opensAtEnd(query) ? true : undefined}
    >
      <h2>Log</h2>
      {expired ? <Gone what="The log" expired={expired} /> : away ? <Away /> : <LogTools log={log} />}
      {!expired && !away && missingBytes > 0 && (
        <p class="empty">The farm no longer has {byteCount(missingBytes)} of this log.</p>
      )}
      {!expired && damagedAt && <Damaged at={damagedAt} />}
      {!expired && window.size === 0 && !live && !away && missingBytes === 0 && <p class="empty">No output.</p>}
      {sections.map((section, index) => {
        const part = window.parts.find(shown => shown.section === index)
        if (part) return <Part part={part} log={log} />
        return <FoldedSection section={section} size={window.size} path={path} query={query} />
      })}
      {live && <LivePart log={log} />}
      {window.end < window.size && (
        <p>
          <Link to={logPath(path, query, { from: window.end })}>
            Later output ({byteCount(window.size - window.end)}) →
          </Link>{' '}
          · <Link to={logPath(path, query, { before: window.size }, 'log-end')}>Show the end</Link>
        </p>
      )}
      <p id="log-end">{follow !== undefined && <FollowAdvice />}</p>
    </section>
  )
}

const Away = () => (
  <p class="empty">
    The bucket of the farm does not answer, so this page cannot show the log. Load the page again in a moment.
  </p>
)

const Damaged = ({ at }: { at: Date }) => (
  <p class="empty">
    <b>This log is damaged.</b> Its bytes changed in the storage of the farm after the host sent them, so lines can be
    wrong or missing. The farm found this on <time datetime={at.toISOString()}>{day(at)}</time>.
  </p>
)

const opensAtEnd = ({ from, before, lines, step, find }: LogQuery): boolean =>
  [from, before, lines, step, find].every(value => value === undefined)

const FollowAdvice = () => (
  <small>
    <b class="mark running">Live.</b> New lines appear here. The page follows them while you are at its end. To stop,
    scroll up. To follow again, scroll to the end.
    <noscript> Without JavaScript, the page loads again every 5 s.</noscript>
  </small>
)

/**
 * Returns the attempt and the position from which the page follows the log; undefined if the page ends before the log.
 * With a `t`, the new lines have times.
 */
const followedFrom = ({ window, attempt, query }: JobLog) =>
  window.end < window.size ? undefined : `${attempt}${query.times ? 't' : ''}:${window.next.offset}:${window.next.line}`

function Part({ part, log }: { part: WindowPart; log: JobLog }) {
  const section = log.sections[part.section]
  return section ? (
    <SectionFrame section={section} open={isOpen(section, part, log)} note={lineCount(part)}>
      <Earlier section={section} log={log} />
      <LogText html={part.html} />
    </SectionFrame>
  ) : null
}

/** The link to the earlier lines of the first step on the page. */
const Earlier = ({ section, log: { window, path, query } }: { section: LogSection; log: JobLog }) =>
  window.start <= section.start ? null : (
    <p>
      <Link to={logPath(path, query, { before: window.start }, 'log-end')}>
        ← Earlier output ({byteCount(window.start)})
      </Link>{' '}
      · <Link to={logPath(path, query, { from: section.start })}>Start of the step</Link>
    </p>
  )

const lineCount = ({ lines, firstLine }: WindowPart) =>
  lines === 1 ? `line ${firstLine}` : `lines ${firstLine}–${firstLine + lines - 1}`

/**
 * If the address names a step, only this step is open. If it names lines or a search, each step on the page is open.
 * Otherwise the failed and the running steps are open. If no step has failed, the last step on the page is open too.
 */
function isOpen({ step, exit, end }: LogSection, part: WindowPart, { sections, query, window }: JobLog): boolean {
  if (query.step !== undefined) return step === query.step
  if (!opensAtEnd(query)) return true
  const last = part === window.parts.at(-1)
  return end === undefined || exit !== 0 || (last && sections.every(section => !section.exit))
}

/** An empty part for a step that has printed nothing yet. A live page adds the lines of the step. */
function LivePart({ log: { sections, window } }: { log: JobLog }) {
  const current = sectionAt(sections, window.next.offset)
  const section = sections[current]
  if (!section || window.parts.at(-1)?.section === current) return null
  return (
    <SectionFrame section={section} open note="">
      <LogText html="" />
    </SectionFrame>
  )
}

export const LogText = ({ html }: { html: string }) => <RawHtml as="pre" html={html} />

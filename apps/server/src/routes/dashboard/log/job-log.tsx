import { Link } from '../components/links.tsx'
import { RawHtml } from '../components/raw-html.tsx'
import type { JobStatus } from '../components/status.ts'
import { StatusMark } from '../components/status-mark.tsx'
import { byteCount } from '../components/times.ts'
import type { LogSection } from './sections.ts'
import { sectionAt } from './sections.ts'
import type { LogWindow, WindowPart } from './window.ts'

export interface JobLog {
  sections: readonly LogSection[]
  window: LogWindow
  /** The name of the attempt, such as `12.1`. */
  attempt: string
  /** The path of this attempt's page. */
  path: string
  rawPath: string
  /** True if the attempt has not finished. */
  live: boolean
  /** The number of bytes of the finished log that the farm no longer has; 0 if the log is whole. */
  missingBytes: number
  /** The step in the page's address. */
  step: string | undefined
}

export function LogView({ log }: { log: JobLog }) {
  const { window, live, missingBytes, path, rawPath } = log
  return (
    <section class="log" aria-label="Log" id="log" data-follow={live ? followedFrom(log) : undefined}>
      <h2>Log</h2>
      <p>
        {byteCount(window.size)} · <Link to={rawPath}>Raw log</Link>
        {window.firstLine === undefined && ' · The log is too long to count its lines. Line numbers start at 1 here.'}
      </p>
      {window.start > 0 && <Earlier log={log} />}
      {missingBytes > 0 && <p class="empty">The farm no longer has {byteCount(missingBytes)} of this log.</p>}
      {window.size === 0 && !live && missingBytes === 0 && <p class="empty">No output.</p>}
      {window.parts.map(part => (
        <Part part={part} log={log} />
      ))}
      {live && <LivePart log={log} />}
      {window.end < window.size && (
        <p>
          <Link to={`${path}?from=${window.end}#log`}>Later output ({byteCount(window.size - window.end)}) →</Link>
        </p>
      )}
    </section>
  )
}

/** Returns the position from which the page follows the log; undefined if the page ends before the log. */
const followedFrom = ({ window, attempt }: JobLog) =>
  window.end < window.size ? undefined : `${attempt}:${window.next.offset}:${window.next.line}`

const Earlier = ({ log: { window, path } }: { log: JobLog }) => (
  <p>
    <Link to={`${path}?before=${window.start}#log`}>← Earlier output ({byteCount(window.start)})</Link> ·{' '}
    <Link to={`${path}?from=0#log`}>Show from the start</Link>
  </p>
)

function Part({ part, log }: { part: WindowPart; log: JobLog }) {
  const section = log.sections[part.section]
  return section ? (
    <SectionFrame section={section} open={isOpen(section, part, log)} note={lineCount(part)}>
      <LogText html={part.html} />
    </SectionFrame>
  ) : null
}

const lineCount = ({ lines, firstLine }: WindowPart) =>
  lines === 1 ? `line ${firstLine}` : `lines ${firstLine}–${firstLine + lines - 1}`

/**
 * If the address names a step, only this step is open. Otherwise the failed and the running steps are open. If no step
 * has failed, the last step on the page is open too.
 */
function isOpen({ step, exit, end }: LogSection, part: WindowPart, { sections, step: asked, window }: JobLog): boolean {
  if (asked !== undefined) return step === asked
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

export interface SectionFrameProps {
  section: LogSection
  open: boolean
  note: string
  children: preact.ComponentChildren
}

export function SectionFrame({ section: { step, exit, status }, open, note, children }: SectionFrameProps) {
  return (
    <details class="part" open={open} id={step === undefined ? 'after' : `step-${step}`}>
      <summary>
        <strong>{step ?? 'after the last step'}</strong>{' '}
        {status !== undefined && <ExitMark exit={exit} status={status} />} <small>{note}</small>
      </summary>
      {children}
    </details>
  )
}

const ExitMark = ({ exit, status }: Pick<LogSection, 'exit'> & { status: JobStatus }) =>
  status === 'failed' ? (
    <StatusMark status="failed">failed, exit code {exit}</StatusMark>
  ) : (
    <StatusMark status={status} />
  )

export const LogText = ({ html }: { html: string }) => <RawHtml as="pre" html={html} />

import { Drawn, Mark } from '../components/layout.tsx'
import { A } from '../components/links.tsx'
import { byteCount } from '../components/times.ts'
import type { Status } from '../components/verdict-words.ts'
import type { LogSection } from './sections.ts'
import { sectionAt } from './sections.ts'
import type { LogWindow, WindowPart } from './window.ts'

export interface JobLog {
  sections: readonly LogSection[]
  window: LogWindow
  /** The attempt's name. */
  attempt: string
  /** The page of this attempt. */
  path: string
  rawPath: string
  /** More will come. */
  live: boolean
  /** The step somebody asked to see. */
  step: string | undefined
}

export function LogView({ log }: { log: JobLog }) {
  const { window, live, path, rawPath } = log
  return (
    <section class="log" aria-label="Log" id="log" data-follow={live ? followedFrom(log) : undefined}>
      <h2>Log</h2>
      <p>
        {byteCount(window.size)}, <A to={rawPath}>the raw log</A>
        {window.firstLine === undefined &&
          '. It is too long to count its lines: they are counted from this page’s first.'}
      </p>
      {window.start > 0 && <Earlier log={log} />}
      {window.size === 0 && !live && <p class="empty">It printed nothing.</p>}
      {window.parts.map(part => (
        <Part part={part} log={log} />
      ))}
      {live && <LivePart log={log} />}
      {window.end < window.size && (
        <p>
          <A to={`${path}?from=${window.end}#log`}>Later output ({byteCount(window.size - window.end)}) →</A>
        </p>
      )}
    </section>
  )
}

/** A log that grows is followed only from its end. */
const followedFrom = ({ window, attempt }: JobLog) =>
  window.end < window.size ? undefined : `${attempt}:${window.next.offset}:${window.next.line}`

const Earlier = ({ log: { window, path } }: { log: JobLog }) => (
  <p>
    <A to={`${path}?before=${window.start}#log`}>← Earlier output ({byteCount(window.start)})</A> ·{' '}
    <A to={`${path}?from=0#log`}>from the beginning</A>
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

/** What went wrong is open, and what goes on; what passed is a line, unless it was asked for or is all there is. */
function isOpen({ step, exit, end }: LogSection, part: WindowPart, { sections, step: asked, window }: JobLog): boolean {
  if (asked !== undefined) return step === asked
  const last = part === window.parts.at(-1)
  return end === undefined || exit !== 0 || (last && sections.every(section => !section.exit))
}

/** New lines have somewhere to go also when the step has printed nothing yet. */
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

const ExitMark = ({ exit, status }: Pick<LogSection, 'exit'> & { status: Status }) =>
  status === 'failed' ? <Mark status="failed">failed, exit {exit}</Mark> : <Mark status={status} />

export const LogText = ({ html }: { html: string }) => <Drawn html={`<pre>${html}</pre>`} />

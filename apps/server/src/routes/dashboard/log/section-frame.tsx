import { segment } from '../components/escape.ts'
import { Link } from '../components/links.tsx'
import type { JobStatus } from '../components/status.ts'
import { StatusMark } from '../components/status-mark.tsx'
import { byteCount } from '../components/times.ts'
import { type LogQuery, logPath } from './log-query.ts'
import type { LogSection } from './sections.ts'

export interface SectionFrameProps {
  section: LogSection
  open: boolean
  note: string
  children: preact.ComponentChildren
}

export const SectionFrame = ({ section, open, note, children }: SectionFrameProps) => (
  <details class="part" open={open} id={idOf(section)}>
    <summary>
      <SectionTitle section={section} /> <small>{note}</small>
    </summary>
    {children}
  </details>
)

const idOf = ({ step }: LogSection): string => (step === undefined ? 'after' : `step-${step}`)

const SectionTitle = ({ section: { step, exit, status } }: { section: LogSection }) => (
  <>
    <strong>{step ?? 'after the last step'}</strong> {status !== undefined && <ExitMark exit={exit} status={status} />}
  </>
)

const ExitMark = ({ exit, status }: Pick<LogSection, 'exit'> & { status: JobStatus }) =>
  status === 'failed' ? (
    <StatusMark status="failed">failed, exit code {exit}</StatusMark>
  ) : (
    <StatusMark status={status} />
  )

interface FoldedProps {
  section: LogSection
  /** The number of bytes of the whole log. */
  size: number
  path: string
  query: LogQuery
}

/** A step whose lines are not on the page. The link opens the page with these lines. */
export function FoldedSection({ section, size, path, query }: FoldedProps) {
  const { step, start, end } = section
  const bytes = Math.min(end ?? size, size) - start
  if (bytes <= 0) return null
  const shown = step === undefined ? { from: start } : { step }
  return (
    <p class="part" id={idOf(section)}>
      <Link to={logPath(path, query, shown, step === undefined ? 'after' : `step-${segment(step)}`)}>
        <SectionTitle section={section} />
      </Link>{' '}
      <small>{byteCount(bytes)}</small>
    </p>
  )
}

import { LineRenderer, type LogLine, lineBytesMax, type Shown } from './line-html.ts'
import type { LineIndex, LogBytes } from './line-index.ts'
import { LineCutter } from './lines.ts'
import type { LogSection } from './sections.ts'
import type { Timeline } from './timeline.ts'

/** A page shows at most this many lines of a log. On a phone, 300 lines of a compiler are about 20 screens. */
export const windowLines = 300
/** A page shows at most this many bytes of a log. */
export const windowBytes = 256 * 1024
/** The server reads at most this many bytes for a page. The page can show fewer bytes, because it cuts long lines. */
const readBytesMax = 2 * 1024 * 1024
/** The page shows this many lines above the line in a link. */
export const linesAbove = 10

/** The stored bytes of an attempt's log, and its line numbers. */
export interface StoredLog extends LogBytes {
  index: LineIndex
}

export interface LogWindow {
  /** The number of bytes of the whole log. */
  size: number
  start: number
  end: number
  /** The number of the first line; undefined if too many bytes are before it (`countedBytesMax`). */
  firstLine: number | undefined
  parts: WindowPart[]
  /** The position from which a live page continues. */
  next: LogPosition
  /** The work path of the attempt on its host, which the page shows as `$FARM_WORK`; undefined if no line has it. */
  workPath: string | undefined
}

export interface WindowPart {
  section: number
  firstLine: number
  /** Rendered lines, each with its line feed. */
  html: string
  lines: number
}

/** The byte after the last whole line, and the number of the next line. */
export interface LogPosition {
  offset: number
  line: number
}

/**
 * Requests the page that starts at the byte `from` or ends before the byte `before`. If both are undefined, requests
 * the last page.
 */
export interface WindowRequest {
  from?: number | undefined
  before?: number | undefined
  /** The page shows at most this many lines; by default `windowLines`. */
  lines?: number
}

/** How a page shows the lines. */
export interface Display extends Shown {
  /** The lines that the address names. */
  chosen?: LineRange | undefined
  /** The lines with an error. */
  errors?: ReadonlySet<number> | undefined
  /** When the lines arrived; undefined if the page does not show times. */
  times?: Timeline | undefined
}

export interface LineRange {
  first: number
  last: number
}

/** Reads a page of a log. If possible, the page starts and ends with whole lines. */
export async function readWindow(
  log: StoredLog,
  sections: readonly LogSection[],
  request: WindowRequest = {},
  display: Display = {},
): Promise<LogWindow> {
  const { size } = log
  const range = request.from === undefined ? endingAt(request.before ?? size, size) : beginningAt(request.from, size)
  const lead = Math.min(1, range.start) // this byte shows whether the page starts with a whole line
  const bytes = await readBytes(log, range.start - lead, range.end)
  const skipped = sections.some(section => section.start === range.start) ? lead : bytes.indexOf(10) * lead + lead
  const kept = range.end < size ? bytes.lastIndexOf(10) + 1 || bytes.length : bytes.length
  const whole = bytes.subarray(skipped, kept)
  const linesMax = request.lines ?? windowLines
  const shown = request.from === undefined ? lastLines(whole, linesMax) : firstLines(whole, linesMax)
  const start = range.start - lead + skipped + shown.start
  const before = await log.index.linesBefore(log, start)
  const rendered = renderParts(whole.subarray(shown.start, shown.end), start, (before ?? 0) + 1, sections, display)
  const firstLine = before === undefined ? undefined : before + 1
  return { size, start, end: start + shown.end - shown.start, firstLine, ...rendered }
}

/**
 * The offset at which the page with this line starts, a few lines above it; undefined if the log does not have the line,
 * or if the line is after `countedBytesMax`.
 */
export const offsetAbove = (log: StoredLog, line: number): Promise<number | undefined> =>
  log.index.offsetOf(log, line - linesAbove)

interface Range {
  start: number
  end: number
}

function beginningAt(from: number, size: number): Range {
  const start = Math.min(from, size)
  return { start, end: Math.min(size, start + readBytesMax) }
}

function endingAt(before: number, size: number): Range {
  const end = Math.min(before, size)
  return { start: Math.max(0, end - readBytesMax), end }
}

const shownBytes = (length: number) => Math.min(length, lineBytesMax) + 1

/** The first lines that fit on a page. */
function firstLines(bytes: Buffer, linesMax: number): Range {
  let end = 0
  for (let room = windowBytes, lines = linesMax; room > 0 && lines > 0 && end < bytes.length; lines--) {
    const next = bytes.indexOf(10, end) + 1 || bytes.length
    room -= shownBytes(next - end)
    end = next
  }
  return { start: 0, end }
}

/** The last lines that fit on a page. */
function lastLines(bytes: Buffer, linesMax: number): Range {
  let start = bytes.length
  for (let room = windowBytes, lines = linesMax; room > 0 && lines > 0 && start > 0; lines--) {
    const previous = start < 2 ? 0 : bytes.lastIndexOf(10, start - 2) + 1
    room -= shownBytes(start - previous)
    start = previous
  }
  return { start, end: bytes.length }
}

export async function readBytes(log: LogBytes, start: number, end: number): Promise<Buffer> {
  if (end <= start) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  for await (const chunk of log.read(start, end)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function renderParts(
  bytes: Buffer,
  start: number,
  firstLine: number,
  sections: readonly LogSection[],
  display: Display,
): Pick<LogWindow, 'parts' | 'next' | 'workPath'> {
  const renderer = new LineRenderer(display)
  const parts: WindowPart[] = []
  const next = { offset: start, line: firstLine }
  for (const [section, { start: from, end }] of sections.entries()) {
    const part = bytes.subarray(Math.max(0, from - start), Math.max(0, (end ?? Number.MAX_SAFE_INTEGER) - start))
    const last = end === undefined || end >= start + bytes.length
    if (part.length === 0) continue
    const cutter = new LineCutter()
    let offset = next.offset
    const html = (number: number, line: LogLine, unfinished = false) => {
      const time = display.times?.startOf(offset + line.length + 1)
      offset += line.length + 1
      return lineHtml(number, renderer.render(line), { classes: classesOf(number, unfinished, display), time })
    }
    const lines = cutter.push(part).map((line, index) => html(next.line + index, line))
    next.offset += part.lastIndexOf(10) + 1
    const unfinished = cutter.unfinished
    const firstOfPart = next.line
    next.line += lines.length
    if (unfinished) {
      lines.push(html(next.line, unfinished, last))
      if (!last) {
        next.offset += unfinished.length
        next.line++
      }
    }
    parts.push({ section, firstLine: firstOfPart, html: lines.join(''), lines: lines.length })
  }
  return { parts, next, workPath: renderer.workPath }
}

const classesOf = (number: number, unfinished: boolean, { chosen, errors }: Display): string =>
  [
    'line',
    unfinished && 'tail',
    chosen !== undefined && number >= chosen.first && number <= chosen.last && 'chosen',
    errors?.has(number) && 'err',
  ]
    .filter(Boolean)
    .join(' ')

export interface LineFrame {
  /** A live page replaces a line of the class `tail` later. */
  classes?: string
  /** The time in front of the line, as HTML. */
  time?: string | undefined
}

/** Renders a line with its number, which is a link to the line. */
export const lineHtml = (number: number, html: string, { classes = 'line', time = '' }: LineFrame = {}): string =>
  `<span class=${classes.includes(' ') ? `"${classes}"` : classes} id=L${number}><a${isBlank(html) ? '' : ` href="#L${number}"`}>${number} </a>${time}${html}\n</span>`

// The number of a blank line is not a link. Such a link would be alone in its line and lower than 24 pixels, and WCAG
// 2.5.8 forbids this.
const isBlank = (html: string): boolean => /^(?:\s|<[^>]*>)*$/.test(html)

/** A line of a live page that stands for lines which the job printed too fast. */
export const skippedLinesHtml = (first: number, last: number): string => {
  const lines = first === last ? `Line ${first} is` : `Lines ${first} to ${last} are`
  return `<span class=line><i>${lines} not shown here, because the job prints faster than this page can show.</i>\n</span>`
}

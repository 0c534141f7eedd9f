import type { AttemptId } from '@rumpfarm/contracts'
import type { Farm } from '@rumpfarm/farm'
import { LineRenderer, lineBytesMax } from './line-html.ts'
import { countLines, LineCutter } from './lines.ts'
import type { LogSection } from './sections.ts'

/** A page shows this many bytes of a log: about 4,000 lines, which every browser shows without delay. */
export const windowBytes = 256 * 1024
/** The server reads at most this many bytes for a page. The page can show fewer bytes, because it cuts long lines. */
const readBytesMax = 2 * 1024 * 1024
/**
 * If at most this many bytes of the log are before a page, the server counts the lines in these bytes. This takes up to
 * 30 ms. On a later page, the line numbers start at 1.
 */
const countedBytesMax = 64 * 1024 * 1024

export interface LogWindow {
  /** The number of bytes of the whole log. */
  size: number
  start: number
  end: number
  /** The number of the first line; undefined if more than `countedBytesMax` bytes are before it. */
  firstLine: number | undefined
  parts: WindowPart[]
  /** The position from which a live page continues. */
  next: LogPosition
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

type LogReader = Pick<Farm['attempts'], 'logSize' | 'readLog'>

/**
 * Requests the page that starts at the byte `from` or ends before the byte `before`. If both are undefined, requests
 * the last page.
 */
export interface WindowRequest {
  from?: number | undefined
  before?: number | undefined
}

/** Reads a page of a log. If possible, the page starts and ends with whole lines. */
export async function readWindow(
  log: LogReader,
  attempt: AttemptId,
  sections: readonly LogSection[],
  request: WindowRequest = {},
): Promise<LogWindow> {
  const size = log.logSize(attempt)
  const range = request.from === undefined ? endingAt(request.before ?? size, size) : beginningAt(request.from, size)
  const lead = Math.min(1, range.start) // this byte shows whether the page starts with a whole line
  const bytes = await readBytes(log, attempt, range.start - lead, range.end)
  const skipped = sections.some(section => section.start === range.start) ? lead : bytes.indexOf(10) * lead + lead
  const kept = range.end < size ? bytes.lastIndexOf(10) + 1 || bytes.length : bytes.length
  const whole = bytes.subarray(skipped, kept)
  const shown = request.from === undefined ? lastLines(whole) : firstLines(whole)
  const start = range.start - lead + skipped + shown.start
  const before = start <= countedBytesMax ? await countLines(readUpTo(log, attempt, start)) : undefined
  const rendered = renderParts(whole.subarray(shown.start, shown.end), start, (before ?? 0) + 1, sections)
  const firstLine = before === undefined ? undefined : before + 1
  return { size, start, end: start + shown.end - shown.start, firstLine, ...rendered }
}

/** The page shows this many lines above the line in the link. */
const linesAbove = 10

/**
 * Returns the offset at which the page with this line starts. Returns undefined if the log does not have the line, or
 * if the line is not in the first `countedBytesMax` bytes of the log.
 */
export async function offsetOfLine(log: LogReader, attempt: AttemptId, line: number): Promise<number | undefined> {
  const first = line - linesAbove
  if (first <= 1) return 0
  let [lines, offset] = [1, 0]
  for await (const bytes of readUpTo(log, attempt, Math.min(log.logSize(attempt), countedBytesMax))) {
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1))
      if (++lines === first) return offset + at + 1
    offset += bytes.length
  }
  return undefined
}

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
function firstLines(bytes: Buffer): Range {
  let end = 0
  for (let room = windowBytes; room > 0 && end < bytes.length; ) {
    const next = bytes.indexOf(10, end) + 1 || bytes.length
    room -= shownBytes(next - end)
    end = next
  }
  return { start: 0, end }
}

/** The last lines that fit on a page. */
function lastLines(bytes: Buffer): Range {
  let start = bytes.length
  for (let room = windowBytes; room > 0 && start > 0; ) {
    const previous = start < 2 ? 0 : bytes.lastIndexOf(10, start - 2) + 1
    room -= shownBytes(start - previous)
    start = previous
  }
  return { start, end: bytes.length }
}

const readUpTo = (log: LogReader, attempt: AttemptId, end: number): AsyncIterable<Uint8Array> | Uint8Array[] =>
  end === 0 ? [] : log.readLog(attempt, 0, end)

export async function readBytes(log: LogReader, attempt: AttemptId, start: number, end: number): Promise<Buffer> {
  if (end <= start) return Buffer.alloc(0)
  const chunks: Buffer[] = []
  for await (const chunk of log.readLog(attempt, start, end)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function renderParts(bytes: Buffer, start: number, firstLine: number, sections: readonly LogSection[]) {
  const renderer = new LineRenderer()
  const parts: WindowPart[] = []
  const next = { offset: start, line: firstLine }
  for (const [section, { start: from, end }] of sections.entries()) {
    const part = bytes.subarray(Math.max(0, from - start), Math.max(0, (end ?? Number.MAX_SAFE_INTEGER) - start))
    const last = end === undefined || end >= start + bytes.length
    if (part.length === 0) continue
    const cutter = new LineCutter()
    const lines = cutter.push(part).map((line, index) => lineHtml(next.line + index, renderer.render(line)))
    next.offset += part.lastIndexOf(10) + 1
    const unfinished = cutter.unfinished
    const firstOfPart = next.line
    next.line += lines.length
    if (unfinished) {
      lines.push(lineHtml(next.line, renderer.render(unfinished), last))
      if (!last) {
        next.offset += unfinished.length
        next.line++
      }
    }
    parts.push({ section, firstLine: firstOfPart, html: lines.join(''), lines: lines.length })
  }
  return { parts, next }
}

/** Renders a line with its number, which is a link to the line. A live page replaces an `unfinished` line later. */
export const lineHtml = (number: number, html: string, unfinished = false): string =>
  `<span class=${unfinished ? '"line tail"' : 'line'} id=L${number}><a${isBlank(html) ? '' : ` href="#L${number}"`}>${number} </a>${html}\n</span>`

// The number of a blank line is not a link. Such a link would be alone in its line and lower than 24 pixels, and WCAG
// 2.5.8 forbids this.
const isBlank = (html: string): boolean => /^(?:\s|<[^>]*>)*$/.test(html)

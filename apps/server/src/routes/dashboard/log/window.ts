import type { AttemptId } from '@rumpfarm/contracts'
import type { Farm } from '@rumpfarm/farm'
import { LineRenderer, lineBytesMax } from './line-html.ts'
import { countLines, LineCutter } from './lines.ts'
import type { LogSection } from './sections.ts'

/** Bytes of drawn log on one page: some 4,000 lines, which any browser lays out at once. */
export const windowBytes = 256 * 1024
/** Bytes read for a page: endless lines are cut, so that many more bytes than these may be looked at for few that are shown. */
const readBytesMax = 2 * 1024 * 1024
/** Lines before a window are counted up to here (30 ms); beyond, a page counts from its own first line. */
const countedBytesMax = 64 * 1024 * 1024

export interface LogWindow {
  /** Bytes of log that there are. */
  size: number
  start: number
  end: number
  /** The number of its first line; undefined if that is too far into the log to be counted. */
  firstLine: number | undefined
  parts: WindowPart[]
  /** Where a live page goes on. */
  next: LogPlace
}

export interface WindowPart {
  section: number
  firstLine: number
  /** Drawn lines, each with its line feed. */
  html: string
  lines: number
}

/** The byte after the last whole line that was shown, and that line's number. */
export interface LogPlace {
  offset: number
  line: number
}

type LogReader = Pick<Farm['attempts'], 'logSize' | 'readLog'>

/** Which page of a log is wanted: the one that begins, or ends, at a byte; without either, its end. */
export interface WindowWish {
  from?: number | undefined
  before?: number | undefined
}

/** A page of a log. It begins and ends with whole lines where it can. */
export async function readWindow(
  log: LogReader,
  attempt: AttemptId,
  sections: readonly LogSection[],
  wish: WindowWish = {},
): Promise<LogWindow> {
  const size = log.logSize(attempt)
  const range = wish.from === undefined ? endingAt(wish.before ?? size, size) : beginningAt(wish.from, size)
  const lead = Math.min(1, range.start) // one byte more: is there a line feed before the first?
  const bytes = await readBytes(log, attempt, range.start - lead, range.end)
  const skipped = sections.some(section => section.start === range.start) ? lead : bytes.indexOf(10) * lead + lead
  const kept = range.end < size ? bytes.lastIndexOf(10) + 1 || bytes.length : bytes.length
  const whole = bytes.subarray(skipped, kept)
  const shown = wish.from === undefined ? lastLines(whole) : firstLines(whole)
  const start = range.start - lead + skipped + shown.start
  const before = start <= countedBytesMax ? await countLines(readUpTo(log, attempt, start)) : undefined
  const drawn = renderParts(whole.subarray(shown.start, shown.end), start, (before ?? 0) + 1, sections)
  const firstLine = before === undefined ? undefined : before + 1
  return { size, start, end: start + shown.end - shown.start, firstLine, ...drawn }
}

/** Lines that are shown above the one that a link names. */
const linesAbove = 10

/**
 * Where the page with this line begins: some lines above it. Undefined: the log has no such line, or it lies so far in that lines
 * are not counted there.
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

/** As many lines from the beginning as fit on a page. */
function firstLines(bytes: Buffer): Range {
  let end = 0
  for (let room = windowBytes; room > 0 && end < bytes.length; ) {
    const next = bytes.indexOf(10, end) + 1 || bytes.length
    room -= shownBytes(next - end)
    end = next
  }
  return { start: 0, end }
}

/** As many lines from the end as fit on a page. */
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

/** A line with its number, which a link can name. `unfinished`: the live page replaces it. */
export const lineHtml = (number: number, html: string, unfinished = false): string =>
  `<span class=${unfinished ? '"line tail"' : 'line'} id=L${number}><a${isBlank(html) ? '' : ` href="#L${number}"`}>${number} </a>${html}\n</span>`

// A link alone in its line would be a target of its own, and less than 24 pixels high (WCAG 2.5.8).
const isBlank = (html: string): boolean => /^(?:\s|<[^>]*>)*$/.test(html)

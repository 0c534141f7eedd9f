import type { AttemptId } from '@rumpfarm/contracts'
import type { Farm } from '@rumpfarm/farm'
import { LineDrawer } from './line-html.ts'
import { countLines, LineCutter } from './lines.ts'
import type { LogSection } from './sections.ts'

/** Bytes of log on one page: some 4,000 lines, which any browser lays out at once. */
export const windowBytes = 256 * 1024
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

type LogReader = Pick<Farm, 'logSize' | 'readLog'>

/** A page of a log: from `from` on or, without it, its last bytes. It begins and ends with whole lines where it can. */
export async function readWindow(
  farm: LogReader,
  attempt: AttemptId,
  sections: readonly LogSection[],
  from?: number,
): Promise<LogWindow> {
  const size = farm.logSize(attempt)
  const wanted = Math.max(0, Math.min(from ?? size - windowBytes, size))
  const lead = Math.min(1, wanted) // one byte more: is there a line feed before the first?
  const bytes = await readBytes(farm, attempt, wanted - lead, Math.min(size, wanted + windowBytes))
  const skipped = sections.some(section => section.start === wanted) ? lead : bytes.indexOf(10) * lead + lead
  const kept = wanted - lead + bytes.length < size ? bytes.lastIndexOf(10) + 1 || bytes.length : bytes.length
  const start = wanted - lead + skipped
  const before = start <= countedBytesMax ? await countLines(readUpTo(farm, attempt, start)) : undefined
  const drawn = drawParts(bytes.subarray(skipped, kept), start, (before ?? 0) + 1, sections)
  return { size, start, end: wanted - lead + kept, firstLine: before === undefined ? undefined : before + 1, ...drawn }
}

const readUpTo = (farm: LogReader, attempt: AttemptId, end: number): AsyncIterable<Uint8Array> | Uint8Array[] =>
  end === 0 ? [] : farm.readLog(attempt, 0, end)

export async function readBytes(farm: LogReader, attempt: AttemptId, start: number, end: number): Promise<Buffer> {
  if (end <= start) return Buffer.alloc(0)
  const chunks: Buffer[] = []
  for await (const chunk of farm.readLog(attempt, start, end)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function drawParts(bytes: Buffer, start: number, firstLine: number, sections: readonly LogSection[]) {
  const drawer = new LineDrawer()
  const parts: WindowPart[] = []
  const next = { offset: start, line: firstLine }
  for (const [section, { start: from, end }] of sections.entries()) {
    const part = bytes.subarray(Math.max(0, from - start), Math.max(0, (end ?? Number.MAX_SAFE_INTEGER) - start))
    const last = end === undefined || end >= start + bytes.length
    if (part.length === 0) continue
    const cutter = new LineCutter()
    const lines = cutter.push(part).map((line, index) => lineHtml(next.line + index, drawer.draw(line)))
    next.offset += part.lastIndexOf(10) + 1
    const unfinished = cutter.unfinished
    const firstOfPart = next.line
    next.line += lines.length
    if (unfinished) {
      lines.push(lineHtml(next.line, drawer.draw(unfinished), last))
      if (!last) {
        next.offset += unfinished.length
        next.line++
      }
    }
    parts.push({ section, firstLine: firstOfPart, html: lines.join(''), lines: lines.length })
  }
  return { parts, next }
}

/** A line with its number, which is its address. `unfinished`: the live page will replace it. */
export const lineHtml = (number: number, html: string, unfinished = false): string =>
  `<span class=${unfinished ? '"l tail"' : 'l'} id=L${number}><a href="#L${number}">${number}</a>${html}\n</span>`

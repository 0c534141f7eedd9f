import type { LogLine } from './line-html.ts'
import { LineCutter } from './lines.ts'
import type { StoredLog } from './window.ts'

/** One read of lines reads at most this many bytes of the log. */
export const readLinesBytesMax = 8 * 1024 * 1024

export interface NumberedLine extends LogLine {
  /** From 1. */
  number: number
  /** The offset after the line and its line feed. */
  end: number
}

export interface LinesRequest {
  /** The offset of the first line, and its number. */
  start: number
  number: number
  /** The offset after the last line. */
  end: number
  limit: number
  /** Whether the bytes before `end` can still grow. Then the last line counts only with its line feed. */
  growing: boolean
}

/** Reads whole lines of a log, at most `limit`. `more` is true if there are further lines before `end`. */
export async function readLines(
  log: StoredLog,
  { start, number, end, limit, growing }: LinesRequest,
): Promise<{ lines: NumberedLine[]; more: boolean }> {
  const lines: NumberedLine[] = []
  const cutter = new LineCutter()
  let offset = start
  const add = (line: LogLine, lineFeed: number) => {
    offset += line.length + lineFeed
    lines.push({ ...line, number: number + lines.length, end: offset })
  }
  const readEnd = Math.min(end, start + readLinesBytesMax)
  if (readEnd > start)
    for await (const bytes of log.read(start, readEnd)) {
      for (const line of cutter.push(bytes)) add(line, 1)
      if (lines.length > limit) break
    }
  const isWhole = readEnd === end && !growing
  const isTooLong = readEnd < end && lines.length === 0 // the server reads only the start of such a line
  if (cutter.unfinished && lines.length <= limit && (isWhole || isTooLong)) add(cutter.unfinished, 0)
  return { lines: lines.slice(0, limit), more: lines.length > limit || readEnd < end }
}

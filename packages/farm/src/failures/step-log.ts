import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ByteFilter, hashFactor } from './byte-filter.rule.ts'

/** The farm reads at most the first 2 MiB and the last 8 MiB of a step. */
export const headBytesMax = 2 * 1024 * 1024
export const tailBytesMax = 8 * 1024 * 1024
const blockBytes = 256 * 1024
const decodedBytes = 32 * 1024
const newline = 10
const carriageReturn = 13
const escapeCharacter = 27

/** Returns whether to go on. `raw` is the line without its newline. */
export type Visit = (raw: string, line: number) => boolean

/** A run of whole lines of a step's log. The last line has a newline too, even if the log has none there. */
export interface LogPart {
  bytes: Buffer
  /** The number of its first line in the log. */
  firstLine: number
}

export interface StepLog {
  parts: LogPart[]
  /** The number of the step's last line in the log; one less than that of its first line if the step printed nothing. */
  lastLine: number
  /** The bytes in the middle of a long step that the farm did not search. */
  skippedBytes: number
}

/**
 * Keeps the beginning and the end of a step's log. Memory: 10 MiB and one chunk. Counts the lines between them, so that
 * every line has its number in the log.
 */
export async function keepEnds(chunks: AsyncIterable<Uint8Array>, firstLine: number): Promise<StepLog> {
  const head = new Bytes()
  const tail = new Bytes()
  let skippedBytes = 0
  let skippedLines = 0
  for await (const chunk of chunks) {
    const room = Math.max(0, headBytesMax - head.size)
    head.add(chunk.subarray(0, room))
    tail.add(chunk.subarray(room))
    for (const dropped of tail.dropBeyond(tailBytesMax)) {
      skippedBytes += dropped.length
      skippedLines += countLines(dropped)
    }
  }
  tail.endWithNewline(head)
  return skippedBytes === 0 ? whole(head, tail, firstLine) : ends(head, tail, { firstLine, skippedBytes, skippedLines })
}

function whole(head: Bytes, tail: Bytes, firstLine: number): StepLog {
  const bytes = Buffer.concat([head.joined(), tail.joined()])
  return { parts: [{ bytes, firstLine }], lastLine: firstLine - 1 + countLines(bytes), skippedBytes: 0 }
}

/** A line that begins in the skipped bytes, or ends in them, is in no part. */
function ends(
  headBytes: Bytes,
  tailBytes: Bytes,
  { firstLine, skippedBytes, skippedLines }: { firstLine: number; skippedBytes: number; skippedLines: number },
): StepLog {
  const head = headBytes.joined()
  const tail = tailBytes.joined()
  const tailStart = tail.indexOf(newline) + 1
  const headEnd = head.lastIndexOf(newline) + 1
  const tailLine = firstLine + countLines(head) + skippedLines
  const parts = [{ bytes: head.subarray(0, headEnd), firstLine }]
  if (tailStart > 0) parts.push({ bytes: tail.subarray(tailStart), firstLine: tailLine + 1 })
  return { parts, lastLine: tailLine - 1 + countLines(tail), skippedBytes }
}

class Bytes {
  size = 0
  private chunks: Uint8Array[] = []

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.chunks.push(chunk)
    this.size += chunk.length
  }

  /** Removes bytes at the beginning until at most `max` are left, and returns them. */
  dropBeyond(max: number): Uint8Array[] {
    const dropped: Uint8Array[] = []
    let count = 0
    while (this.size > max) {
      const first = this.chunks[count] as Uint8Array
      const part = first.subarray(0, this.size - max)
      dropped.push(part)
      this.size -= part.length
      if (part.length < first.length) this.chunks[count] = first.subarray(part.length)
      else count += 1
    }
    this.chunks.splice(0, count)
    return dropped
  }

  /** Completes the last line of a log, which begins with `before` and ends with these bytes. */
  endWithNewline(before: Bytes): void {
    const last = (this.chunks.at(-1) ?? before.chunks.at(-1))?.at(-1)
    if (last !== undefined && last !== newline) this.add(Buffer.from('\n'))
  }

  joined(): Buffer {
    return Buffer.concat(this.chunks, this.size)
  }
}

/** The number of newlines. */
export function countLines(bytes: Uint8Array): number {
  let count = 0
  for (let index = 0; index < bytes.length; index += 1) if (bytes[index] === newline) count += 1
  return count
}

/**
 * Calls `visit` for each line in which `filter` finds something, and for each line with an escape sequence or a carriage
 * return before its end, because such a line can hide the text. Ends early if `visit` returns false. Other work of the
 * server runs between two blocks.
 */
export async function visitMatches({ parts }: StepLog, filter: ByteFilter, visit: Visit): Promise<void> {
  for (const { bytes, firstLine } of parts) {
    const state = { at: 0, lineStart: 0, line: firstLine }
    while (state.at < bytes.length) {
      if (!visitBlock(bytes, state, filter, visit)) return
      await nextTurn()
    }
  }
}

interface Position {
  /** The next byte. */
  at: number
  /** The first byte of the line of the next byte, and the number of this line. */
  lineStart: number
  line: number
}

// This loop reads every byte, so it calls no function except for a probable match. The bytes end with a newline.
function visitBlock(
  bytes: Buffer,
  position: Position,
  { keys, mask, table, shift }: ByteFilter,
  visit: Visit,
): boolean {
  let { at, lineStart, line } = position
  const blockEnd = Math.min(bytes.length, at + blockBytes)
  let window = 0
  for (; at < blockEnd; at += 1) {
    const byte = bytes[at] as number
    window = (window << 8) | byte
    const key = window & mask
    const found = table[Math.imul(key, hashFactor) >>> shift] === 1 && keys.has(key)
    if (found || byte === escapeCharacter || (byte === carriageReturn && bytes[at + 1] !== newline)) {
      const end = bytes.indexOf(newline, at)
      if (!visit(bytes.toString('utf8', lineStart, end), line)) return false
      at = end
    } else if (byte !== newline) continue
    lineStart = at + 1
    line += 1
    window = 0
  }
  Object.assign(position, { at, lineStart, line })
  return true
}

/** Calls `visit` for runs of lines, as the log has them, with the number of the first line of each run. */
export async function visitBlocks(
  { parts }: StepLog,
  visit: (lines: string[], firstLine: number) => void,
): Promise<void> {
  for (const { bytes, firstLine } of parts) {
    let line = firstLine
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(newline, Math.min(start + decodedBytes, bytes.length - 1))
      const lines = bytes.toString('utf8', start, end).split('\n')
      visit(lines, line)
      line += lines.length
      start = end + 1
      await nextTurn()
    }
  }
}

/** The lines from one number to another, without those that the farm did not keep. */
export function linesBetween({ parts }: StepLog, from: number, to: number): { line: number; raw: string }[] {
  return parts.flatMap(({ bytes, firstLine }) => {
    let start = 0
    let line = firstLine
    for (; line < from && start < bytes.length; line += 1) start = bytes.indexOf(newline, start) + 1
    const found: { line: number; raw: string }[] = []
    for (; line <= to && start < bytes.length; line += 1) {
      const end = bytes.indexOf(newline, start)
      found.push({ line, raw: bytes.toString('utf8', start, end) })
      start = end + 1
    }
    return found
  })
}

import { blockBytes } from '@rumpfarm/storage'
import { LRUCache } from 'lru-cache'

/** The bytes of one log, up to the size that the reader saw first. */
export interface LogBytes {
  readonly size: number
  /** The bytes from `start` to `end`, without the byte at `end`. */
  read(start: number, end: number): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** The same bytes, faster, but each piece is valid only until the next one. Without it, the index uses `read`. */
  scan?(start: number, end: number): AsyncIterable<Uint8Array>
  /** The number of line feeds in each `blockBytes`, if the farm stores them with the log. */
  lineFeeds?(): Promise<readonly number[] | undefined>
}

const scan = (log: LogBytes, start: number, end: number) => (log.scan ? log.scan(start, end) : log.read(start, end))

/**
 * The server counts lines in at most this many bytes of a log. Later lines have no numbers. The first page of a log of 200 MB
 * took 0.6 s on two cores with a load of 10, and the second page 0.06 s.
 */
export const countedBytesMax = 512 * 1024 * 1024
const strideBytes = blockBytes
const lineFeed = 10

/**
 * The line numbers of a log. The index counts the line feeds in each block only once, so that a second request for a large
 * log is fast. The storage knows those of a compressed log. The log may grow, but its bytes must not change.
 */
export class LineIndex {
  /** The number of line feeds before each block. */
  readonly #before = [0]

  /** The number of line feeds before the byte at `offset`; undefined if this is after `countedBytesMax`. */
  async linesBefore(log: LogBytes, offset: number): Promise<number | undefined> {
    if (offset > countedBytesMax) return undefined
    await this.#extend(log, offset)
    const mark = Math.floor(offset / strideBytes)
    return (this.#before[mark] ?? 0) + (await countLineFeeds(log, mark * strideBytes, offset))
  }

  /** The offset of the line's first byte; undefined if the counted part of the log does not have the line. */
  async offsetOf(log: LogBytes, line: number): Promise<number | undefined> {
    if (line <= 1) return 0
    const end = Math.min(log.size, countedBytesMax)
    await this.#extend(log, end, line - 1)
    const mark = this.#before.findLastIndex(lines => lines < line - 1)
    let [lines, offset] = [this.#before[mark] ?? 0, mark * strideBytes]
    for await (const bytes of scan(log, offset, end)) {
      for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1))
        if (++lines === line - 1) return offset + at + 1
      offset += bytes.length
    }
    return undefined
  }

  get #end(): number {
    return (this.#before.length - 1) * strideBytes
  }

  get #last(): number {
    return this.#before.at(-1) ?? 0
  }

  /** Takes the line feeds of the whole blocks, unless another request has counted some meanwhile. */
  #fill(size: number, lineFeeds: readonly number[]): void {
    if (this.#end > 0) return
    for (const count of lineFeeds.slice(0, Math.floor(size / strideBytes))) this.#before.push(this.#last + count)
  }

  /**
   * Counts the line feeds of each whole block before `limit`, until the index has `linesMax` line feeds. One stream for all is
   * faster than one stream for each block.
   */
  async #extend(log: LogBytes, limit: number, linesMax = Number.POSITIVE_INFINITY): Promise<void> {
    const end = Math.floor(limit / strideBytes) * strideBytes
    if (this.#end >= end || this.#last >= linesMax) return
    if (this.#end === 0 && log.lineFeeds) this.#fill(log.size, (await log.lineFeeds()) ?? [])
    if (this.#end >= end || this.#last >= linesMax) return
    let [lines, at] = [this.#last, this.#end]
    for await (const bytes of scan(log, at, end)) {
      for (let start = 0; start < bytes.length; ) {
        const next = Math.min(bytes.length, start + strideBytes - (at % strideBytes))
        lines += lineFeedsIn(bytes, start, next)
        at += next - start
        start = next
        if (at % strideBytes === 0) this.#before[at / strideBytes] = lines // another request may have counted the same MB
      }
      if (this.#last >= linesMax) return
    }
  }
}

function lineFeedsIn(bytes: Uint8Array, start: number, end: number): number {
  let lines = 0
  for (let at = bytes.indexOf(lineFeed, start); at >= 0 && at < end; at = bytes.indexOf(lineFeed, at + 1)) lines++
  return lines
}

async function countLineFeeds(log: LogBytes, start: number, end: number): Promise<number> {
  let lines = 0
  if (end <= start) return lines
  for await (const bytes of scan(log, start, end)) lines += lineFeedsIn(bytes, 0, bytes.length)
  return lines
}

/** An index has at most 1,024 numbers, so all indexes together need less than 3 MB. */
const indexesMax = 300
const indexes = new LRUCache<string, LineIndex>({ max: indexesMax })

/** The index of a finished attempt's log. A running attempt can start again with another log of the same name. */
export function lineIndexOf(attempt: string, finished: boolean): LineIndex {
  if (!finished) return new LineIndex()
  const known = indexes.get(attempt) ?? new LineIndex()
  indexes.set(attempt, known)
  return known
}

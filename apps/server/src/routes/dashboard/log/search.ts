import type { LogBytes } from './line-index.ts'

/** A search counts at most this many lines, and reads at most this many bytes. 200 MB take half a second. */
export const foundLinesMax = 10_000
export const searchedBytesMax = 256 * 1024 * 1024
/** A longer text is cut. */
export const searchTextMax = 200

export interface FoundLines {
  text: string
  /** The numbers of the lines that contain the text. */
  lines: number[]
  /** False if the search ended at one of its limits. */
  complete: boolean
}

/**
 * Finds the lines that contain a text, in upper and lower case. For other letters than A to Z, the case matters. The
 * search compares bytes, so it does not find a text with a colour change in the middle.
 */
export async function findLines(log: LogBytes, text: string, signal?: AbortSignal): Promise<FoundLines> {
  const end = Math.min(log.size, searchedBytesMax)
  const search = new LineSearch(text.slice(0, searchTextMax))
  if (end > 0)
    for await (const bytes of log.read(0, end)) {
      search.add(bytes)
      if (search.lines.length > foundLinesMax || signal?.aborted) break
    }
  const complete = end === log.size && search.lines.length <= foundLinesMax
  return { text: search.text, lines: search.lines.slice(0, foundLinesMax), complete }
}

class LineSearch {
  readonly text: string
  readonly lines: number[] = []
  readonly #needle: string
  /** The number of line feeds before the newest bytes. */
  #before = 0
  /** The end of the earlier bytes, because a piece can end in the middle of the text. */
  #tail = ''

  constructor(text: string) {
    this.text = text
    this.#needle = lowered(Buffer.from(text))
  }

  add(bytes: Uint8Array): void {
    const piece = this.#tail + lowered(bytes)
    let [line, counted] = [this.#before + 1, 0]
    for (let at = piece.indexOf(this.#needle); at >= 0; ) {
      line += countLineFeeds(piece, counted, at)
      counted = at
      if (this.lines.at(-1) !== line) this.lines.push(line)
      if (this.lines.length > foundLinesMax) return
      const next = piece.indexOf('\n', at)
      at = next < 0 ? -1 : piece.indexOf(this.#needle, next)
    }
    const kept = piece.length - Math.min(piece.length, this.#needle.length - 1)
    this.#before = line - 1 + countLineFeeds(piece, counted, kept)
    this.#tail = piece.slice(kept)
  }
}

/** One character for each byte, so that offsets in the text are offsets in the log. */
const lowered = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').toLowerCase()

function countLineFeeds(text: string, start: number, end: number): number {
  let lines = 0
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

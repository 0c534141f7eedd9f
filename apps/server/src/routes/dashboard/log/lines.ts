import { type LogLine, lineBytesMax } from './line-html.ts'

const lineFeed = 10

/** Splits a log into lines while its bytes arrive. Of an unfinished line, keeps only the bytes that a page shows. */
export class LineCutter {
  #held: Uint8Array[] = []
  #heldBytes = 0
  #length = 0

  /** Returns the lines that these bytes complete. */
  push(bytes: Uint8Array): LogLine[] {
    const lines: LogLine[] = []
    let start = 0
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      this.#hold(bytes.subarray(start, end))
      lines.push(this.#take())
      start = end + 1
    }
    this.#hold(bytes.subarray(start))
    return lines
  }

  /** The line that has no line feed yet; undefined if there is no such line. */
  get unfinished(): LogLine | undefined {
    return this.#length === 0 ? undefined : { bytes: Buffer.concat(this.#held), length: this.#length }
  }

  #hold(part: Uint8Array): void {
    this.#length += part.length
    const room = lineBytesMax - this.#heldBytes
    if (room <= 0 || part.length === 0) return
    const kept = Uint8Array.from(part.subarray(0, room))
    this.#held.push(kept)
    this.#heldBytes += kept.length
  }

  #take(): LogLine {
    const line = { bytes: Buffer.concat(this.#held), length: this.#length }
    this.#held = []
    this.#heldBytes = 0
    this.#length = 0
    return line
  }
}

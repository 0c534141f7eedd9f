/** Standard output, or a test that keeps the text. */
export interface OutStream {
  write(data: string | Uint8Array): void | Promise<void>
  /** If a person reads it in a terminal. */
  isTerminal: boolean
  /** The width of the terminal; Infinity for a pipe. */
  columns(): number
  rows(): number
}

type Writable = Pick<NodeJS.WriteStream, 'write' | 'once'> & { isTTY?: boolean; columns?: number; rows?: number }

/** `write` waits while the reader of a pipe is slow, so that a long log does not fill the memory. */
export const streamOf = (stream: Writable): OutStream => ({
  isTerminal: stream.isTTY === true,
  write: data => {
    if (!stream.write(data)) return new Promise<void>(resolve => void stream.once('drain', () => resolve()))
  },
  // a terminal of a program can have the size 0
  columns: () => (stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY),
  rows: () => stream.rows || 24,
})

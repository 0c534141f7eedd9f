import { statfs } from 'node:fs/promises'

/** The value is read again after this time. */
const freshMs = 1_000

/**
 * Keeps some space of a disk free. PostgreSQL commonly has its data on the same disk, and stops if it cannot write. So
 * the farm must take no more logs and artifacts before the disk is full.
 */
export class FreeSpace {
  readonly #directory: string
  readonly #reserveBytes: number
  #free = Number.POSITIVE_INFINITY
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(directory: string, reserveBytes: number) {
    this.#directory = directory
    this.#reserveBytes = reserveBytes
  }

  /** Throws an error with the code ENOSPC if less than the reserve is free. A write that follows may be larger. */
  async check(): Promise<void> {
    if (this.#reserveBytes === 0) return
    if (performance.now() - this.#readAt > freshMs) this.#reading ??= this.#read()
    // While there is enough space, no write waits for the new value.
    if (this.#free < this.#reserveBytes || this.#readAt < 0) await this.#reading
    if (this.#free >= this.#reserveBytes) return
    throw Object.assign(new Error(`less than ${this.#reserveBytes} bytes are free in ${this.#directory}`), {
      code: 'ENOSPC',
    })
  }

  async #read(): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(this.#directory)
      this.#free = bavail * bsize
    } catch {
      this.#free = Number.POSITIVE_INFINITY // the directory does not exist yet, and the write reports all problems
    } finally {
      this.#readAt = performance.now()
      this.#reading = undefined
    }
  }
}

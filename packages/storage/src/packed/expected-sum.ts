import { createHash } from 'node:crypto'
import { type Checksum, Cksum } from '@rumpfarm/contracts'

/** Adds up bytes, to compare them with a checksum. Without a checksum, all bytes match. */
export class ExpectedSum {
  readonly #expected: Checksum | null
  readonly #sum

  constructor(expected: Checksum | null) {
    this.#expected = expected
    this.#sum = expected === null ? undefined : expected.kind === 'crc' ? new Cksum() : createHash(expected.kind)
  }

  /** The same pieces. */
  async *add(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#sum?.update(piece)
      yield piece
    }
  }

  /** Call this method once, after all bytes. */
  matches(): boolean {
    if (!this.#expected || !this.#sum) return true
    const value = this.#sum instanceof Cksum ? String(this.#sum.digest()) : this.#sum.digest('hex')
    return value === this.#expected.value
  }
}

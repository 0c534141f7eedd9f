// The lines of git's protocol: https://git-scm.com/docs/gitprotocol-common

export const flush = Buffer.from('0000')
export const delimiter = Buffer.from('0001')

export function pktLine(text: string): Buffer {
  const body = Buffer.from(text)
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, '0')), body])
}

export type Packet = { kind: 'line'; body: Buffer } | { kind: 'flush' | 'delimiter' | 'response-end' }

/** The other side does not use the protocol that this code knows. */
export class ProtocolError extends Error {}

/** Reads packets from the pieces of a connection or an answer. */
export class PacketReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #buffer: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** The next packet. Throws ProtocolError at the end of the data. */
  async next(): Promise<Packet> {
    const length = (await this.#take(4)).toString('latin1')
    if (!/^[0-9a-f]{4}$/.test(length)) throw new ProtocolError('the answer has no packets')
    const bytes = Number.parseInt(length, 16)
    if (bytes === 0) return { kind: 'flush' }
    if (bytes === 1) return { kind: 'delimiter' }
    if (bytes === 2) return { kind: 'response-end' }
    if (bytes < 4) throw new ProtocolError(`a packet has the length ${length}`)
    return { kind: 'line', body: await this.#take(bytes - 4) }
  }

  /** The text of the next line without its newline; undefined for a packet of another kind. */
  async line(): Promise<string | undefined> {
    const packet = await this.next()
    return packet.kind === 'line' ? packet.body.toString('utf8').replace(/\n$/, '') : undefined
  }

  /** Reads to the end of the data. */
  async skipRest(): Promise<void> {
    while (!(await this.#pieces.next()).done);
  }

  async #take(bytes: number): Promise<Buffer> {
    if (this.#buffer.length < bytes) await this.#fill(bytes)
    const taken = this.#buffer.subarray(0, bytes)
    this.#buffer = this.#buffer.subarray(bytes)
    return taken
  }

  async #fill(bytes: number): Promise<void> {
    const pieces = [this.#buffer]
    let length = this.#buffer.length
    while (length < bytes) {
      const { value, done } = await this.#pieces.next()
      if (done) throw new ProtocolError('the connection ended')
      const piece = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      pieces.push(piece)
      length += piece.length
    }
    this.#buffer = Buffer.concat(pieces)
  }
}

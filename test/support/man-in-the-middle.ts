// An attacker between a host and the farm, who reads and changes messages.

import type { AddressInfo } from 'node:net'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'

/** A request and its answer, as the attacker forwarded them. */
export interface Exchange {
  request: Buffer
  answer: Buffer
}

/** Returns the changed message, or the same bytes for no change. `kind` is the last word of the request's path. */
export interface Meddling {
  request?: (bytes: Buffer, kind: string) => Buffer
  answer?: (bytes: Buffer, kind: string) => Buffer
}

export class ManInTheMiddle {
  readonly exchanges: Exchange[] = []
  /** The number of changed messages. */
  changed = 0
  /** All bytes between the host and the attacker. */
  readonly #wire: Buffer[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #meddling: Meddling = {}
  #target = 0

  private constructor() {
    this.#server = createServer(socket => this.#serve(socket))
  }

  static async open(): Promise<ManInTheMiddle> {
    const man = new ManInTheMiddle()
    await new Promise<void>(resolve => man.#server.listen(0, '127.0.0.1', resolve))
    return man
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get wire(): Buffer {
    return Buffer.concat(this.#wire)
  }

  /** Sets the real address of the farm. The attacker forwards requests to this address. */
  standsBefore(url: string): void {
    this.#target = Number(new URL(url).port)
  }

  meddles(meddling: Meddling): void {
    this.#meddling = meddling
  }

  /** From now on messages pass unchanged. */
  leaves(): void {
    this.#meddling = {}
  }

  /** Sends recorded or new bytes to the farm, and returns the answer. */
  sends(request: Buffer, port = this.#target): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = dial(port, '127.0.0.1', () => socket.write(request))
      this.#sockets.add(socket)
      collect(socket, resolve)
      socket.on('error', reject)
    })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    collect(socket, request => void this.#pass(request, socket).catch(() => socket.destroy()))
  }

  async #pass(sent: Buffer, socket: Socket): Promise<void> {
    const kind = kindOf(sent)
    const request = this.#change(sent, this.#meddling.request?.(sent, kind))
    this.#wire.push(sent)
    const got = await this.sends(request)
    const answer = this.#change(got, this.#meddling.answer?.(got, kind))
    this.#wire.push(answer)
    this.exchanges.push({ request: sent, answer: got })
    socket.end(answer)
  }

  #change(before: Buffer, after = before): Buffer {
    if (!after.equals(before)) this.changed++
    return after
  }
}

/** Calls back with a complete HTTP message: its head, and a body of the length in the head. */
function collect(socket: Socket, done: (message: Buffer) => void): void {
  let bytes = Buffer.alloc(0)
  socket.on('data', piece => {
    bytes = Buffer.concat([bytes, Buffer.from(piece)])
    const head = bytes.indexOf('\r\n\r\n') + 4
    if (head < 4) return
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(bytes.subarray(0, head).toString('latin1'))?.[1] ?? 0)
    if (bytes.length >= head + length) done(bytes)
  })
}

/** The kind of a request, such as `progress`, `claim` or `agent.sh`. The kind of a source download is `sources`. */
export const kindOf = (request: Buffer): string =>
  /^\S+ [^? ]*?\/([^/? ]+)(\/\d+)?[? ]/.exec(request.toString('latin1'))?.[1] ?? ''

/** The body of the message. */
export const bodyOf = (message: Buffer): Buffer => message.subarray(message.indexOf('\r\n\r\n') + 4)

/** Changes the first byte of the text that the pattern finds, and keeps the length. */
export function flip(message: Buffer, pattern: RegExp): Buffer {
  const at = message.toString('latin1').search(pattern)
  if (at < 0) return message
  const copy = Buffer.from(message)
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
  return copy
}

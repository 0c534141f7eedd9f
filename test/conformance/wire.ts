import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, Faults, kindOf } from '../../apps/agent/spec/support/faults.ts'
import { listenStill } from '../../apps/agent/spec/support/ports.ts'

/** A request through the proxy, and the first line of its answer, for example `ok attempt 4711.1`. */
export interface Crossing {
  kind: string
  path: string
  at: number
  answer: string
}

export interface Certificate {
  key: string
  cert: string
}

/** A proxy between a host and the farm, over real sockets. A scenario selects the requests that fail. */
export class Wire {
  readonly crossings: Crossing[] = []
  /** The maximum of bytes per second of an answer, if there is a limit. */
  bytesPerSecond = Number.POSITIVE_INFINITY
  readonly #target: URL
  readonly #server: Server
  readonly #scheme: string
  readonly #faults = new Faults()
  readonly #sockets = new Set<Socket>()
  readonly #looks = new Set<() => void>()
  #port: number | undefined
  #silent = false

  private constructor(target: string, tls?: Certificate) {
    this.#target = new URL(target)
    this.#scheme = tls ? 'https' : 'http'
    const receive = (from: IncomingMessage, to: ServerResponse) => void this.#receive(from, to)
    this.#server = tls ? createTlsServer(tls, receive) : createServer(receive)
    this.#server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** Opens a proxy to the server at `target`. With a certificate it accepts TLS. */
  static async open(target: string, tls?: Certificate): Promise<Wire> {
    const wire = new Wire(target, tls)
    await wire.back()
    return wire
  }

  /** The address of the farm for the host. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`
  }

  /** Lets the next `times` requests of this kind fail. */
  spoil(kind: string, fault: Fault, times = 1): void {
    this.#faults.injectFault(kind, fault, times)
  }

  /** The number of requests that still have to fail. */
  get faultsLeft(): number {
    return this.#faults.left
  }

  count(kind: string, answer = /./): number {
    return this.crossings.filter(crossing => crossing.kind === kind && answer.test(crossing.answer)).length
  }

  /** Stops listening and drops all open requests. */
  async away(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    this.#cutAll()
    await closed
  }

  /** Listens again on the same address. */
  async back(): Promise<void> {
    this.#port = await listenStill(this.#server, this.#port)
  }

  /** From now on accepts requests but answers none, like a broken link. */
  silence(): void {
    this.#silent = true
  }

  endSilence(): void {
    this.#silent = false
    this.#cutAll()
  }

  /** Resolves when the condition is true. The proxy checks it after every request. */
  async until(what: string, condition: () => boolean, milliseconds: number): Promise<void> {
    if (condition()) return
    await new Promise<void>((resolve, reject) => {
      const stop = (act: () => void) => {
        clearTimeout(late)
        this.#looks.delete(look)
        act()
      }
      const look = () => {
        if (condition()) stop(resolve)
      }
      const late = setTimeout(
        () => stop(() => reject(new Error(`waited ${milliseconds} ms in vain for ${what}`))),
        milliseconds,
      )
      this.#looks.add(look)
    })
  }

  /** Errors that no agent may cause: requests that are malformed, too large, or have a wrong checksum. */
  get offences(): string[] {
    const bad = this.crossings.filter(({ answer }) => /^(err (400|404 there is no|413|422)|HTTP [45])/.test(answer))
    return bad.map(({ kind, path, answer }) => `${kind} ${path}: ${answer}`)
  }

  /** The newest requests, for the message of a failed scenario. */
  story(): string {
    return this.crossings
      .slice(-40)
      .map(({ at, path, answer }) => `${new Date(at).toISOString().slice(14)} ${path} ${answer || '(no answer)'}`)
      .join('\n')
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.away()
  }

  #cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #receive(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const path = from.url ?? '/'
    const kind = kindOf(from.method ?? '', path.split('?')[0] ?? '')
    const crossing: Crossing = { kind, path, at: Date.now(), answer: '' }
    this.crossings.push(crossing)
    const fault = this.#faults.next(kind)
    try {
      const body = await bytesOf(from)
      if (this.#silent) return
      if (fault === 'lost-request') return void from.socket.destroy()
      const answer = await this.#ask(from, to, body)
      crossing.answer = `${fault === undefined ? '' : 'spoilt: '}${beginningOf(answer)}`
      await this.#give(to, answer, fault)
    } catch {
      from.socket.destroy() // if one side closes its connection, the proxy closes the connection to the other side
    } finally {
      for (const look of [...this.#looks]) look()
    }
  }

  /** Forwards the request unchanged. If the host closes its connection, the proxy closes the connection to the farm. */
  async #ask(from: IncomingMessage, to: ServerResponse, body: Buffer): Promise<ServerAnswer> {
    return await new Promise((resolve, reject) => {
      const headers = { ...from.headers, connection: 'close', 'x-forwarded-proto': this.#scheme }
      const { hostname, port } = this.#target
      const on = request({ hostname, port, method: from.method, path: from.url, headers, agent: false }, answer => {
        bytesOf(answer).then(bytes => resolve({ answer, bytes }), reject)
      })
      on.once('error', reject)
      to.once('close', () => on.destroy())
      on.end(body)
    })
  }

  async #give(to: ServerResponse, { answer, bytes }: ServerAnswer, fault: Fault | undefined): Promise<void> {
    if (fault === 'lost-answer') return void to.destroy()
    const spoilt = typeof fault === 'object' ? Buffer.from('body' in fault ? fault.body : fault.answer) : bytes
    const status = typeof fault === 'object' && 'status' in fault ? fault.status : (answer.statusCode ?? 502)
    const type = answer.headers['content-type'] ?? 'text/plain'
    to.writeHead(status, { 'content-type': type, 'content-length': spoilt.length, connection: 'close' })
    if (fault === 'cut-answer') return void to.write(spoilt.subarray(0, spoilt.length - 6), () => to.destroy())
    await this.#trickle(to, spoilt)
    to.end()
  }

  async #trickle(to: ServerResponse, bytes: Buffer): Promise<void> {
    const pieceLength = Math.max(1, Math.floor(Math.min(bytes.length, this.bytesPerSecond / 10)))
    for (let at = 0; at < bytes.length && !to.destroyed; at += pieceLength) {
      to.write(bytes.subarray(at, at + pieceLength))
      if (this.bytesPerSecond !== Number.POSITIVE_INFINITY) await sleep(100)
    }
  }
}

interface ServerAnswer {
  answer: IncomingMessage
  bytes: Buffer
}

const bytesOf = async (stream: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** A short form of an answer: its first two lines, which contain no secret. For a source, only its length. */
const beginningOf = ({ answer, bytes }: ServerAnswer): string => {
  if (answer.statusCode !== 200) return `HTTP ${answer.statusCode}`
  if (!/^text\/plain/.test(answer.headers['content-type'] ?? '')) return `${bytes.length} bytes`
  return bytes.subarray(0, 300).toString('latin1').split('\n', 2).join(' ')
}

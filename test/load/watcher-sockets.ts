import { connect, type Socket } from 'node:net'

/** A watcher needs its own address, because the farm limits the live pages of one address. Linux owns all of 127/8. */
const addressOf = (number: number): string => `127.1.${Math.floor(number / 250)}.${(number % 250) + 1}`

/** One connection of a watcher. It parses only as much of HTTP as the farm sends, so that it costs little CPU. */
class WatcherSocket {
  readonly socket: Socket
  readonly #host: string

  constructor(url: string, number: number) {
    const { hostname, port, host } = new URL(url)
    this.#host = host
    this.socket = connect({ host: hostname, port: Number(port), localAddress: addressOf(number) })
    this.socket.setNoDelay(true)
  }

  ask(path: string, headers: readonly string[]): void {
    this.socket.write([`GET ${path} HTTP/1.1`, `host: ${this.#host}`, ...headers, '', ''].join('\r\n'))
  }
}

export interface OpenStream {
  /** 200, or the status of the refusal; 0 if the connection ended without an answer. */
  status: number
  close(): void
}

/** Opens a stream of events. `receive` gets each piece of text, with the marks of HTTP's chunks in it. */
export function openStream(
  url: string,
  { number, path, receive }: { number: number; path: string; receive(text: string): void },
): Promise<OpenStream> {
  const stream = new WatcherSocket(url, number)
  const { socket } = stream
  return new Promise(resolve => {
    let opened = false
    const close = () => void socket.destroy()
    socket.on('error', () => resolve({ status: 0, close }))
    socket.on('close', () => resolve({ status: 0, close }))
    socket.on('data', bytes => {
      const text = bytes.toString('latin1')
      if (!opened) resolve({ status: Number(text.slice(9, 12)), close })
      opened = true
      receive(text)
    })
    stream.ask(path, ['accept: text/event-stream'])
  })
}

export interface PageAnswer {
  status: number
  bytes: number
}

/** A connection that loads one page again and again, like a browser: compressed, and with the last ETag. */
export class PageReader {
  readonly #connection: WatcherSocket
  #etag: string | undefined
  #held: Buffer[] = []
  #resolve: ((answer: PageAnswer) => void) | undefined

  constructor(url: string, number: number) {
    this.#connection = new WatcherSocket(url, number)
    this.#connection.socket.on('data', bytes => this.#hold(bytes))
    const end = () => this.#finish({ status: 0, bytes: 0 })
    this.#connection.socket.on('error', end).on('close', end)
  }

  /** `moment`: the moment of the event, which the script of a page sends too (client/live.js). */
  load(path: string, moment: string): Promise<PageAnswer> {
    const condition = [
      ...(this.#etag === undefined ? [] : [`if-none-match: ${this.#etag}`]),
      ...(moment === '' ? [] : [`x-known-moment: ${moment}`]),
    ]
    return new Promise(resolve => {
      this.#resolve = resolve
      this.#connection.ask(path, ['accept: text/html', 'accept-encoding: gzip, deflate, br', ...condition])
    })
  }

  close(): void {
    this.#connection.socket.destroy()
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    const all = Buffer.concat(this.#held)
    const headEnd = all.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = all.toString('latin1', 0, headEnd)
    const status = Number(head.slice(9, 12))
    const length = status === 304 ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.NaN)
    if (Number.isNaN(length)) throw new Error(`a page without a length:\n${head}`)
    if (all.length < headEnd + 4 + length) return
    this.#etag = /^etag: (.*)$/im.exec(head)?.[1] ?? this.#etag
    this.#finish({ status, bytes: all.length })
  }

  #finish(answer: PageAnswer): void {
    this.#held = []
    this.#resolve?.(answer)
    this.#resolve = undefined
  }
}

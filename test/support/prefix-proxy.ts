import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Accepts requests below a path and forwards them without this path, as nginx and Caddy can do. */
export class PrefixProxy {
  readonly #server: Server
  readonly #path: string
  /** The address to which the proxy forwards requests. */
  farmUrl = ''
  /** The requested addresses that are not below the path. */
  readonly outside: string[] = []

  private constructor(path: string) {
    this.#path = path
    this.#server = createServer((request, answer) => this.#handOn(request, answer))
  }

  static async open(path: string): Promise<PrefixProxy> {
    const proxy = new PrefixProxy(path)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return this.origin + this.#path
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #handOn(request: IncomingMessage, answer: ServerResponse): void {
    const { url = '', method, headers } = request
    if (!url.startsWith(`${this.#path}/`)) {
      this.outside.push(url)
      answer.writeHead(404).end('not below the path\n')
      return
    }
    const wanted = send(this.farmUrl + url.slice(this.#path.length), { method, headers }, from => {
      answer.writeHead(from.statusCode ?? 502, from.rawHeaders)
      from.pipe(answer)
    })
    wanted.on('error', () => answer.destroy())
    answer.on('close', () => wanted.destroy())
    request.pipe(wanted)
  }
}

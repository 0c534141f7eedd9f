import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { quietEnvironment } from './repository.ts'

export interface Forge {
  url: string
  /** The requested paths, in order. */
  asked: string[]
  /** How many clients are connected now. */
  connections: () => Promise<number>
}

/** An HTTP server for the duration of the test. */
export async function startForge(answer: RequestListener): Promise<Forge> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(closed => server.close(closed))
  })
  const connections = () =>
    new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    )
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, connections }
}

/**
 * Serves the repositories below a directory with git http-backend, as forges do. `config` is the server's git
 * configuration.
 */
export const smartHttp =
  (root: string, config: Record<string, string> = {}): RequestListener =>
  (request, response) => {
    const url = new URL(request.url ?? '/', 'http://forge')
    const pairs = Object.entries({ 'safe.directory': '*', ...config })
    const settings = Object.fromEntries(
      pairs.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    )
    const env = {
      ...quietEnvironment(settings),
      GIT_CONFIG_COUNT: String(pairs.length),
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_ADDR: '127.0.0.1',
    }
    const backend = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
    request.pipe(backend.stdin)
    const pieces: Buffer[] = []
    backend.stdout.on('data', piece => pieces.push(piece))
    backend.on('close', () => sendCgi(response, Buffer.concat(pieces)))
  }

function sendCgi(response: ServerResponse, output: Buffer): void {
  const end = output.indexOf('\r\n\r\n')
  for (const line of output.toString('latin1', 0, end).split('\r\n')) {
    const [name = '', value = ''] = line.split(': ', 2)
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
    else response.setHeader(name, value)
  }
  response.end(output.subarray(end + 4))
}

/** Serves only files, like a web server without git. */
export const dumbHttp =
  (root: string): RequestListener =>
  (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://forge')
    createReadStream(join(root, decodeURIComponent(pathname)))
      .on('error', () => response.writeHead(404).end('not found'))
      .pipe(response)
  }

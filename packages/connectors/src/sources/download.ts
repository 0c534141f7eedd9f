// Downloads files for sources: tarballs, and objects of git LFS.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hideSecrets } from '@rumpfarm/contracts'
import { type Guard, makeGuard } from '../notifiers/guard.ts'

export interface Wanted {
  url: string
  /** The host that farm.yaml names. The farm connects to this host even if its address is private. */
  trustedHost: string
  headers?: Record<string, string>
  /** Sent with POST. */
  body?: string
  sha256?: string
  /** The exact size, if it is known. */
  size?: number
  bytesMax: number
  /** The time limit for the whole download. */
  seconds: number
}

export type Downloaded = { kind: 'downloaded'; bytes: number } | { kind: 'failed'; message: string; status?: number }

const redirectsMax = 5
/** The download ends if no byte arrives in this time. */
const silenceSeconds = 60

class Failure extends Error {
  readonly status: number | undefined
  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

/** Downloads a file, and verifies its size and checksum. After a failure, the file can be incomplete. */
export const downloadTo = (file: string, wanted: Wanted): Promise<Downloaded> =>
  download(wanted, async response => {
    const check = new Check(wanted)
    await pipeline(response, check, createWriteStream(file))
    return check.finish()
  })

/** Sends a request, and returns the text of the answer. */
export async function askText(wanted: Wanted): Promise<{ kind: 'text'; text: string } | FailedDownload> {
  const pieces: Buffer[] = []
  const asked = await download(wanted, async response => {
    const check = new Check(wanted)
    check.on('data', piece => pieces.push(piece))
    await pipeline(response, check)
    return check.finish()
  })
  return asked.kind === 'failed' ? asked : { kind: 'text', text: Buffer.concat(pieces).toString('utf8') }
}

type FailedDownload = Extract<Downloaded, { kind: 'failed' }>

async function download(wanted: Wanted, receive: (response: IncomingMessage) => Promise<number>): Promise<Downloaded> {
  const signal = AbortSignal.timeout(wanted.seconds * 1000)
  try {
    const response = await follow(wanted, signal)
    return { kind: 'downloaded', bytes: await receive(response) }
  } catch (error) {
    const status = error instanceof Failure && error.status !== undefined ? { status: error.status } : {}
    return {
      kind: 'failed',
      message: hideSecrets(messageOf(error as NodeJS.ErrnoException, wanted, signal)),
      ...status,
    }
  }
}

function messageOf(error: NodeJS.ErrnoException, { seconds }: Wanted, signal: AbortSignal): string {
  if (signal.aborted) return `the download did not end within ${seconds} s`
  if (error instanceof Failure) return error.message
  if (error.code === 'EPRIVATE')
    return 'a redirect or a link goes to a private address: the farm follows it only to the host that farm.yaml names'
  if ('syscall' in error && error.code === 'ENOSPC') return "ENOSPC: free space on the farm server's disk"
  return `it cannot be downloaded (${error.code ?? error.message})`
}

/** Follows redirects, and returns the answer with the status 200. */
async function follow(wanted: Wanted, signal: AbortSignal): Promise<IncomingMessage> {
  let url = addressOf(wanted.url)
  let headers = wanted.headers
  for (let redirects = 0; ; redirects++) {
    const response = await exchange(url, { ...wanted, headers }, signal)
    const { statusCode: status = 0 } = response
    if (status === 200) return response
    response.destroy()
    const { location } = response.headers
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined)
      throw new Failure(`${url.host} answered with status ${status}`, status)
    if (redirects === redirectsMax) throw new Failure(`there are more than ${redirectsMax} redirects`)
    if (wanted.body !== undefined)
      throw new Failure(`${url.host} redirects to another address, and the farm follows no redirect here`)
    const next = addressOf(new URL(location, url).href)
    if (url.protocol === 'https:' && next.protocol === 'http:')
      throw new Failure(`${url.host} redirects from https to http, and the farm does not follow`)
    if (next.host !== url.host) headers = undefined // the next server must not receive a password
    url = next
  }
}

function addressOf(text: string): URL {
  if (!URL.canParse(text)) throw new Failure('its address is not a URL')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Failure(`its address begins with ${url.protocol}, and the farm downloads only from https: and http:`)
  return url
}

const trusting: Guard = makeGuard({ allowPrivate: true })
const careful: Guard = makeGuard({ allowPrivate: false })

function exchange(
  url: URL,
  {
    trustedHost,
    headers = {},
    body,
  }: Pick<Wanted, 'trustedHost' | 'body'> & { headers?: Record<string, string> | undefined },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const guard = url.host === trustedHost ? trusting : careful
  guard.check(url.hostname)
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'user-agent': 'rumpfarm', 'accept-encoding': 'identity', ...headers },
    lookup: guard.lookup,
    agent: false,
    signal,
    timeout: silenceSeconds * 1000,
  } as const
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestTls : requestPlain)(url, options, resolve)
    request.on('error', reject)
    request.on('timeout', () => request.destroy(new Failure(`no byte arrived for ${silenceSeconds} s`)))
    request.end(body)
  })
}

/** Counts and checks the bytes of a download. */
class Check extends Transform {
  readonly #wanted: Wanted
  readonly #sha256 = createHash('sha256')
  #bytes = 0

  constructor(wanted: Wanted) {
    super()
    this.#wanted = wanted
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += piece.length
    const { bytesMax } = this.#wanted
    this.#sha256.update(piece)
    if (this.#bytes > bytesMax) done(new Failure(`it has more than ${bytesMax} bytes`))
    else done(null, piece)
  }

  /** The number of bytes. Throws if the size or the checksum is wrong. */
  finish(): number {
    const { size, sha256: expected } = this.#wanted
    if (size !== undefined && size !== this.#bytes)
      throw new Failure(`it has ${this.#bytes} bytes, but it must have ${size}`)
    const sha256 = this.#sha256.digest('hex')
    if (expected !== undefined && sha256 !== expected)
      throw new Failure(`its sha256 is ${sha256}, but it must be ${expected}`)
    return this.#bytes
  }
}

import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import type { Guard } from '../../notifiers/guard.ts'

export interface ForgeAnswer {
  status: number
  header(name: string): string | undefined
  /** The body, if it is JSON. */
  json: Record<string, unknown>
  /** The forge's message, on one line of at most 200 characters. */
  message: string
}

interface Call {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: object | undefined
}

const callSecondsMax = 15
const answerBytesMax = 65_536
const redirectsMax = 3

/**
 * Calls the API of a forge. Follows a redirect only within the forge, because the request contains a token: GitHub
 * answers so after a repository got another name. Throws if no answer comes.
 */
export async function callForge(guard: Guard, call: Call): Promise<ForgeAnswer> {
  const signal = AbortSignal.timeout(callSecondsMax * 1000)
  let { url } = call
  for (let redirects = 0; ; redirects++) {
    const answer = await exchange(guard, { ...call, url }, signal)
    const next = redirectOf(answer, url)
    if (next === undefined || redirects >= redirectsMax) return answer
    url = next
  }
}

function redirectOf({ status, header }: ForgeAnswer, from: string): string | undefined {
  const location = header('location')
  if (![301, 302, 307, 308].includes(status) || location === undefined || !URL.canParse(location, from))
    return undefined
  const to = new URL(location, from)
  return to.origin === new URL(from).origin ? to.href : undefined
}

function exchange(guard: Guard, { method, url, headers, body }: Call, signal: AbortSignal): Promise<ForgeAnswer> {
  guard.check(new URL(url).hostname)
  const text = body === undefined ? '' : JSON.stringify(body)
  const options = {
    method,
    headers: {
      'user-agent': 'rumpfarm',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      ...headers,
    },
    lookup: guard.lookup,
    ...(guard.ca === undefined ? {} : { ca: guard.ca }),
    agent: false,
    signal,
  } as const
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? requestTls : requestPlain
    const request = send(url, options, response => void readAnswer(response).then(resolve, reject))
    request.on('error', error => reject(signal.aborted ? timeLimit : error))
    request.end(text)
  })
}

const timeLimit = Object.assign(new Error('time limit'), { code: `no answer within ${callSecondsMax} s` })

async function readAnswer(response: IncomingMessage): Promise<ForgeAnswer> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > answerBytesMax) break
  }
  const text = Buffer.concat(pieces).toString()
  const json = objectIn(text)
  const header = (name: string) => {
    const value = response.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  return { status: response.statusCode ?? 0, header, json, message: messageOf(json, text) }
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** GitHub, Gitea: `message`. GitLab: `message` (a text or an object) or `error`. Bitbucket: `error` or `errors`. */
function messageOf(json: Record<string, unknown>, text: string): string {
  const { message, error, errors } = json
  const found = [message, error, errors].find(part => part !== undefined && part !== null)
  const shown = textIn(found) ?? (text.trimStart().startsWith('<') ? '' : text)
  return cut(
    hideSecrets(shown)
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
    200,
  )
}

function textIn(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  const inner = Array.isArray(value) ? value[0] : value
  const { message } = (inner ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : JSON.stringify(value)
}

/** Describes why no answer came. The address is not part of it. */
export function connectionProblem(error: NodeJS.ErrnoException): string {
  const { code, message } = error
  if (code === 'EPRIVATE') return message
  if (code?.startsWith('HPE_')) return 'its answer is not HTTP'
  return `it cannot be reached (${cut(code ?? 'unknown error', 200)})`
}

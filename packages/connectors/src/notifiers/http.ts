import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Guard } from './guard.ts'
import type { Delivery, FailedDelivery } from './notifier.ts'

export interface HttpMessage {
  /** Its path, query and password can be secret, so no error contains the address. */
  url: string
  method?: 'POST' | 'PUT'
  headers?: Record<string, string>
  body: string
  /** The time limit for the whole request, by default `httpSecondsMax`. */
  seconds?: number
}

export interface HttpAnswer {
  status: number
  /** The value of Retry-After; undefined if it is missing or wrong. */
  retryAfterSeconds: number | undefined
  /** The first `answerBytesMax` bytes of the body; empty after the status 2xx. */
  text: string
}

const httpSecondsMax = 10
const answerBytesMax = 16_384

/** If a receiver wants a longer pause, the farm waits only for this time. */
const pauseSecondsMax = 86_400

/**
 * Sends a message over HTTP and reads the status. Follows no redirect: the receiver could otherwise send the farm's
 * tokens to another server. Returns a failure if there is no answer.
 */
export async function sendHttp(guard: Guard, message: HttpMessage): Promise<HttpAnswer | FailedDelivery> {
  const { seconds = httpSecondsMax } = message
  const timeLimit = AbortSignal.timeout(seconds * 1000)
  try {
    guard.check(new URL(message.url).hostname)
    return await exchange(guard, message, timeLimit)
  } catch (error) {
    return failed(timeLimit.aborted ? `it did not answer within ${seconds} s` : problemOf(error as Error))
  }
}

function exchange(guard: Guard, message: HttpMessage, timeLimit: AbortSignal): Promise<HttpAnswer> {
  const { url, method = 'POST', headers = {}, body } = message
  const options = {
    method,
    headers: { 'user-agent': 'rumpfarm', 'content-length': String(Buffer.byteLength(body)), ...headers },
    lookup: guard.lookup,
    ...(guard.ca !== undefined && { ca: guard.ca }),
    agent: false, // messages are rare, so the farm keeps no connection open
    signal: timeLimit,
  } as const
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? requestTls : requestPlain)(url, options, response => {
      const chunks: Buffer[] = []
      let bytes = 0
      const finish = () => {
        const { statusCode: status = 0, headers } = response
        const text = Buffer.concat(chunks).subarray(0, answerBytesMax).toString()
        resolve({ status, retryAfterSeconds: secondsOf(headers['retry-after']), text })
        request.destroy()
      }
      if (isSuccess(response.statusCode ?? 0)) return finish()
      response.on('data', chunk => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes >= answerBytesMax) finish()
      })
      response.on('close', finish) // also after an error: the status says enough
    })
    request.on('error', reject)
    request.end(body)
  })
}

const isSuccess = (status: number) => status >= 200 && status < 300

/** Reads seconds or an HTTP date. */
function secondsOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Number.isFinite(seconds) ? pause(seconds) : undefined
}

/** A pause before the next try: whole seconds, not negative and not endless. */
export const pause = (seconds: number): number => Math.min(Math.max(0, Math.ceil(seconds)), pauseSecondsMax)

/**
 * Describes an error without the receiver's address, because the path of a webhook's address often contains a secret.
 */
function problemOf(error: NodeJS.ErrnoException): string {
  const { code } = error
  if (code === 'EPRIVATE') return error.message
  if (code?.startsWith('HPE_')) return 'its answer is not HTTP'
  return `it cannot be reached (${code ?? 'unknown error'})`
}

interface Judgement {
  permanent?: boolean
  /** The code of the error in the answer, for example `no_service`. */
  code?: string
  retryAfterSeconds?: number | undefined
}

/** The result of a try. Most receivers add rules of their own. */
export function judge(answer: HttpAnswer | FailedDelivery, own: Judgement = {}): Delivery {
  if ('kind' in answer) return answer
  const { status } = answer
  if (isSuccess(status)) return { kind: 'delivered' }
  const redirect = status >= 300 && status < 400 ? ': the farm follows no redirect' : ''
  const code = own.code ? ` (${own.code})` : ''
  const retryAfterSeconds = own.retryAfterSeconds ?? answer.retryAfterSeconds
  return {
    ...failed(`it answered with status ${status}${redirect}${code}`, own.permanent),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  }
}

const failed = (problem: string, permanent = false): FailedDelivery => ({ kind: 'failed', problem, permanent })

/** The status of an answer; 0 if there was no answer. */
export const statusOf = (answer: HttpAnswer | FailedDelivery): number => ('kind' in answer ? 0 : answer.status)

/** The members of an answer in JSON; no members if the answer is not a JSON object. */
export function membersOf(answer: HttpAnswer | FailedDelivery): Record<string, unknown> {
  if ('kind' in answer) return {}
  try {
    return Object(JSON.parse(answer.text))
  } catch {
    return {}
  }
}

/** An error code of an answer, if it is one plain word. Other texts of an answer could contain a secret. */
export const codeIn = (value: unknown): string => {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  return /^[A-Za-z0-9_.-]{1,60}$/.test(text) ? text : ''
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { FarmClient } from './client.ts'
import { canRetry, Refusal } from './refusal.ts'

/** An attempt of a job. */
export interface AttemptOf {
  job: number
  number: number
}

const logPath = ({ job, number }: AttemptOf) => `/api/v1/jobs/${job}/attempts/${number}/log`

/** Lengths and ranges count the bytes of the log, not those of a compressed answer. */
const uncompressed = { accept: 'text/plain', 'accept-encoding': 'identity' }

export interface LogState {
  /** The number of bytes that the farm has. */
  size: number
  /** The attempt has ended, so the log never changes again. */
  isFinished: boolean
}

/** The state of a log. The farm gives an ETag only to a log that never changes again. */
export async function logState(client: FarmClient, attempt: AttemptOf, signal?: AbortSignal): Promise<LogState> {
  const init = { method: 'HEAD', headers: uncompressed, ...(signal ? { signal } : {}) }
  const { headers } = await client.fetch(logPath(attempt), init).catch(async error => {
    // the answer to HEAD has no explanation
    if (error instanceof Refusal)
      await client.fetch(logPath(attempt), { headers: { ...uncompressed, range: 'bytes=0-0' } })
    throw error
  })
  return { size: Number(headers.get('content-length') ?? 0), isFinished: headers.has('etag') }
}

export interface ByteRange {
  /** The first byte. */
  start: number
  /** The byte after the last one; by default the end of the log. */
  end?: number | undefined
}

/** The bytes of a log. If there are none in this range, the generator ends at once. */
export async function* readLog(
  client: FarmClient,
  attempt: AttemptOf,
  { start, end }: ByteRange = { start: 0 },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  if (end !== undefined && end <= start) return
  const range = `bytes=${start}-${end === undefined ? '' : end - 1}`
  const response = await client
    .fetch(logPath(attempt), { headers: { ...uncompressed, range }, ...(signal ? { signal } : {}) })
    .catch(error => {
      if (error instanceof Refusal && error.status === 416) return undefined // no byte at `start` yet
      throw error
    })
  if (response?.body) yield* chunks(response.body)
}

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
  } finally {
    await reader.cancel().catch(() => {}) // the caller may have stopped before the end
  }
}

/** How many of the last bytes `tailStart` reads first. It then reads twice as many, and so on. */
const tailBytesMin = 65_536
/** `tailStart` reads at most this many bytes. */
export const tailBytesMax = 67_108_864

/**
 * The position at which the last `lines` lines of a range of a log begin. If they are longer than 64 MiB, the position
 * is 64 MiB before the end.
 */
export async function tailStart(
  client: FarmClient,
  attempt: AttemptOf,
  { start, end, lines }: { start: number; end: number; lines: number },
): Promise<number> {
  if (lines === 0) return end
  for (let bytes = tailBytesMin; ; bytes *= 2) {
    const from = Math.max(start, end - bytes)
    const read: Uint8Array[] = []
    for await (const chunk of readLog(client, attempt, { start: from, end })) read.push(chunk)
    const found = lastLines(Buffer.concat(read), lines)
    if (found !== undefined) return from + found
    if (from === start || bytes >= tailBytesMax) return from
  }
}

/** The position of the last `lines` lines. Undefined if the text has fewer lines. */
function lastLines(text: Buffer, lines: number): number | undefined {
  let at = text.length - 1 // a line end at the end of the text ends the last line
  for (let left = lines; left > 0; left--) {
    at = at <= 0 ? -1 : text.lastIndexOf(10, at - 1)
    if (at === -1) return undefined
  }
  return at + 1
}

export interface FollowOptions {
  /** The position of the first byte. */
  from?: number
  signal?: AbortSignal
  /** The pause before the next request, if the farm has no new bytes. */
  pauseMs?: number
  /** How long the farm may be away. */
  awayMsMax?: number
}

/**
 * The bytes of a log as they arrive, until the attempt has ended. If the farm is away for a moment, it continues
 * afterwards; no byte is missing and none arrives twice.
 */
export async function* followLog(
  client: FarmClient,
  attempt: AttemptOf,
  { from = 0, signal, pauseMs = 1_000, awayMsMax = 120_000 }: FollowOptions = {},
): AsyncGenerator<Uint8Array, void> {
  let start = from
  let answeredAt = Date.now()
  while (!signal?.aborted) {
    try {
      const { size, isFinished } = await logState(client, attempt, signal)
      answeredAt = Date.now()
      if (size <= start && isFinished) return
      for await (const chunk of readLog(client, attempt, { start, end: size }, signal)) {
        start += chunk.length
        yield chunk
      }
      if (isFinished) continue
    } catch (error) {
      if (signal?.aborted) return
      if (!canRetry(error as Error) || Date.now() - answeredAt > awayMsMax) throw error
    }
    await sleep(pauseMs, undefined, signal ? { signal } : {}).catch(() => {}) // the condition of the loop checks the signal
  }
}

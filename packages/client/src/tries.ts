import { setTimeout as sleep } from 'node:timers/promises'
import type { FarmClient } from './client.ts'
import type { components } from './generated/api.ts'
import { canRetry, Refusal } from './refusal.ts'

export type Try = components['schemas']['Try']

export interface TryFiles {
  bytes: number
  /** The bytes from `start` to `end`, without the byte at `end`. */
  read(start: number, end: number): Promise<Uint8Array>
}

export interface UploadOptions {
  signal?: AbortSignal
  /** Called after each part, with the number of bytes that the farm has. */
  onProgress?: (received: number) => void
  /** How long the farm may be away. */
  awayMsMax?: number
  /** The pause before the next request, after a connection broke. */
  pauseMs?: number
}

const partBytesMin = 65_536
const partBytesMax = 8_388_608
/** The farm ends a request after a minute, so a part must be much faster. */
const quickMs = 5_000

/**
 * Uploads the tar.gz of a try in parts. After a broken connection, it asks how many bytes the farm has, and goes on from
 * there. Throws if the farm is away for two minutes.
 */
export async function uploadTry(
  client: FarmClient,
  id: string,
  files: TryFiles,
  options: UploadOptions = {},
): Promise<void> {
  const { signal, onProgress = () => {} } = options
  let partBytes = 1_048_576
  const patient = patience(options)
  let received = await patient(() => askReceived(client, id))
  while (received < files.bytes) {
    signal?.throwIfAborted()
    const part = await files.read(received, Math.min(received + partBytes, files.bytes))
    const startedAt = Date.now()
    const from = received
    received = await patient(
      () => sendPart(client, id, from, part, signal),
      () => {
        partBytes = Math.max(partBytesMin, partBytes / 2)
        return askReceived(client, id)
      },
    )
    if (Date.now() - startedAt < quickMs) partBytes = Math.min(partBytesMax, partBytes * 2)
    onProgress(received)
  }
}

/** Starts the build of an uploaded try. A repeated request finds the same build. */
export const startTry = (client: FarmClient, id: string, options: UploadOptions = {}): Promise<Try> =>
  patience(options)(() => client.post('/api/v1/tries/{id}/start', { params: { path: { id } } }))

const askReceived = async (client: FarmClient, id: string): Promise<number> =>
  (await client.get('/api/v1/tries/{id}', { params: { path: { id } } })).received

async function sendPart(
  client: FarmClient,
  id: string,
  offset: number,
  part: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  const response = await client.fetch(`/api/v1/tries/${id}/files?offset=${offset}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: part as NonNullable<RequestInit['body']>,
    ...(signal ? { signal } : {}),
  })
  return ((await response.json()) as Try).received
}

/**
 * The farm ended a request that took longer than a minute, has other bytes than this program thinks, or a proxy accepts
 * only smaller requests.
 */
const isResumable = (error: Error): boolean =>
  canRetry(error) ||
  (error instanceof Refusal &&
    (error.status === 408 || error.kind === 'wrong-offset' || (error.status === 413 && !error.problem)))

/** Repeats a request while the farm is away. After a failure, it sends `next` instead. */
function patience({ signal, awayMsMax = 120_000, pauseMs = 1_000 }: UploadOptions) {
  return async <Value>(first: () => Promise<Value>, next: () => Promise<Value> = first): Promise<Value> => {
    const startedAt = Date.now()
    for (let ask = first; ; ask = next) {
      try {
        return await ask()
      } catch (error) {
        signal?.throwIfAborted()
        if (!isResumable(error as Error) || Date.now() - startedAt > awayMsMax) throw error
        await sleep(pauseMs, undefined, signal ? { signal } : {})
      }
    }
  }
}

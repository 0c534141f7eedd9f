import { setTimeout as sleep } from 'node:timers/promises'
import { canRetry, type components, events, type FarmClient } from '@rumpfarm/client'
import { openJobs } from './verdicts.ts'

type Schemas = components['schemas']
export type Build = Schemas['Build']
export type JobSummary = Schemas['JobSummary']

/** Events can be lost, so the build is also read again after this time. */
const readAgainMs = 10_000
/** How long the farm may be away. */
const awayMsMax = 120_000

interface Following {
  signal: AbortSignal
  /** Receives the build at first, and after each change. */
  show: (build: Build) => void | Promise<void>
}

/** Follows a build until all its jobs have ended, and returns it. Throws if the farm is away for two minutes. */
export async function followBuild(client: FarmClient, id: number, { signal, show }: Following): Promise<Build> {
  const stop = new AbortController()
  const onAbort = () => stop.abort()
  signal.addEventListener('abort', onAbort)
  const bell = listen(client, id, stop.signal)
  let readAt = Date.now()
  try {
    for (;;) {
      const found = await read(client, id).catch(error => {
        if (!canRetry(error as Error) || Date.now() - readAt > awayMsMax) throw error
        return undefined
      })
      if (found) {
        readAt = Date.now()
        await show(found)
        if (isOver(found)) return found
      }
      await bell.next()
      signal.throwIfAborted()
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    stop.abort()
  }
}

const read = (client: FarmClient, id: number) => client.get('/api/v1/builds/{id}', { params: { path: { id } } })

/** A build whose sources are not ready yet can still get jobs. */
const isOver = ({ counts, sources }: Build): boolean => openJobs(counts) === 0 && sources !== 'pending'

/** Its `next` waits for an event of the build, or for some seconds. Several events at once count as one. */
function listen(client: FarmClient, build: number, signal: AbortSignal): { next(): Promise<void> } {
  let ring = () => {}
  let hasRung = false
  const run = async () => {
    for await (const _ of events(client, { query: { build }, signal })) {
      hasRung = true
      ring()
    }
  }
  run().catch(() => {}) // without events, the build is still read every ten seconds
  return {
    async next() {
      if (!hasRung) {
        const rung = new Promise<void>(resolve => {
          ring = resolve
        })
        const ended = new AbortController()
        const timer = sleep(readAgainMs, undefined, { signal: AbortSignal.any([signal, ended.signal]) }).catch(() => {})
        await Promise.race([rung, timer])
        ended.abort()
      }
      await sleep(200, undefined, { signal }).catch(() => {}) // more events of the same moment
      hasRung = false
    },
  }
}

import { parseAttemptName } from '@rumpfarm/contracts'
import type { Farm, FarmEvent } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import { openExport, type TraceReceiver } from './export.ts'
import { attemptSpans, examineSpan, requestSpan, type Span, sourcesSpan } from './spans.ts'

export interface Traces {
  onEvent(event: FarmEvent): void
  /** Sends the spans that wait. */
  close(): Promise<void>
}

/** A server that ends waits at most this long for the receiver. */
const closeMsMax = 2_000

/**
 * Sends one trace per build, from the request to the examined logs. Each server sends the spans of the parts that it ended
 * itself.
 */
export async function openTraces(
  receiver: TraceReceiver,
  { metrics }: Pick<Farm, 'metrics'>,
  secret: string,
  log: Logger,
): Promise<Traces> {
  const exporting = await openExport(receiver, secret, log)
  const pending = new Set<Promise<void>>()

  const spansOf = async (event: FarmEvent, now: Date): Promise<{ buildId: number; spans: Span[] } | undefined> => {
    switch (event.kind) {
      case 'build-created': {
        const build = await metrics.buildTimes(event.buildId)
        return build && { buildId: build.buildId, spans: [requestSpan(build, now)] }
      }
      case 'sources-prepared': {
        const build = await metrics.buildTimes(event.buildId)
        return build && { buildId: build.buildId, spans: [sourcesSpan(build, now, event.ok)] }
      }
      case 'attempt':
      case 'examined': {
        const id = parseAttemptName(event.attempt)
        const attempt = id && (await metrics.attemptTimes(id))
        if (!attempt) return undefined
        const spans = event.kind === 'examined' ? [examineSpan(attempt, now)] : attemptSpans(attempt)
        return { buildId: attempt.buildId, spans }
      }
    }
    return undefined
  }
  const send = async (event: FarmEvent, now: Date) => {
    try {
      const traced = await spansOf(event, now)
      for (const span of traced?.spans ?? []) exporting.add(traced?.buildId ?? 0, span)
    } catch (error) {
      log.debug({ problem: (error as Error).message }, 'the times of a trace cannot be read')
    }
  }
  return {
    onEvent(event) {
      if (event.kind === 'attempt' && !event.verdict) return
      if (!traced.has(event.kind)) return
      const sending = send(event, new Date())
      pending.add(sending)
      void sending.then(() => pending.delete(sending))
    },
    async close() {
      const slow = new Promise(resolve => setTimeout(resolve, closeMsMax).unref())
      await Promise.race([Promise.all(pending).then(exporting.close), slow])
    },
  }
}

const traced: ReadonlySet<FarmEvent['kind']> = new Set(['build-created', 'sources-prepared', 'attempt', 'examined'])

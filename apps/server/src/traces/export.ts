import type { Logger } from 'pino'
import { spanIdOf, traceIdOf } from './ids.ts'
import type { Span } from './spans.ts'

export interface TraceReceiver {
  /** The full address of the receiver. */
  url: string
  serviceName: string
}

/**
 * Sends spans in batches with OTLP over HTTP. Loads the packages of OpenTelemetry only now, because most farms send no
 * traces, and a server without traces must not start slower.
 */
export async function openExport({ url, serviceName }: TraceReceiver, secret: string, log: Logger) {
  const [api, { OTLPTraceExporter }, { resourceFromAttributes }, { BasicTracerProvider, BatchSpanProcessor }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace-base'),
    ])
  const { ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } = api
  logProblems(api, log)
  const next = { trace: '', span: '' }
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    // The provider calls these functions while `startSpan` runs.
    idGenerator: { generateTraceId: () => next.trace, generateSpanId: () => next.span },
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }), { scheduledDelayMillis: 2_000 })],
  })
  const tracer = provider.getTracer('rumpfarm')
  return {
    add(buildId: number, { name, part, parent, start, end, attributes, failed }: Span): void {
      next.trace = traceIdOf(secret, buildId)
      next.span = spanIdOf(secret, buildId, part)
      const within =
        parent === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              traceId: next.trace,
              spanId: spanIdOf(secret, buildId, parent),
              traceFlags: TraceFlags.SAMPLED,
              isRemote: true,
            })
      const span = tracer.startSpan(name, { startTime: start, attributes, root: parent === undefined }, within)
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(end)
    },
    close: () => provider.shutdown(),
  }
}

/** A receiver that does not answer is a warning in the log of the server, and changes nothing else. */
function logProblems({ diag, DiagLogLevel }: typeof import('@opentelemetry/api'), log: Logger): void {
  const say = (text: string) => log.warn({ problem: text.slice(0, 500) }, 'traces could not be sent')
  const quiet = () => {}
  diag.setLogger({ error: say, warn: say, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN)
}

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** The delay is measured this often. Each measurement costs some microseconds. */
const resolutionMs = 20

/** Of the default metrics of prom-client. The names of some of the others do not follow Prometheus' rules. */
const kept = [
  ...['process_cpu_user_seconds_total', 'process_cpu_system_seconds_total', 'process_cpu_seconds_total'],
  ...['process_start_time_seconds', 'process_resident_memory_bytes', 'process_open_fds', 'process_max_fds'],
  ...['nodejs_heap_size_total_bytes', 'nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes'],
  ...['nodejs_gc_duration_seconds', 'nodejs_version_info'],
]

/** Adds the metrics of Node.js. A process calls this function once. `close` ends the measurements. */
export function addProcessMetrics(registry: Registry): { close(): void } {
  const defaults = new Registry()
  collectDefaultMetrics({ register: defaults, eventLoopMonitoringPrecision: 1000 }) // we measure the delay ourselves
  for (const name of kept) {
    const metric = defaults.getSingleMetric(name)
    if (metric) registry.registerMetric(metric) // Node.js on some systems has no count of open files
  }
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
  /** Node.js records the time between two measurements, which includes the pause between them. */
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000) || 0
  new Gauge({
    name: 'rumpfarm_event_loop_delay_seconds',
    help: 'Delay of the event loop since the metrics were read last: median, 99th percentile and maximum',
    labelNames: ['part'],
    registers: [registry],
    collect() {
      this.set({ part: 'median' }, seconds(delays.percentile(50)))
      this.set({ part: 'p99' }, seconds(delays.percentile(99)))
      this.set({ part: 'max' }, seconds(delays.max))
      delays.reset()
    },
  })
  return { close: () => void delays.disable() }
}

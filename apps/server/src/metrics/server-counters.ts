import { verdicts } from '@rumpfarm/contracts'
import { Counter, Histogram, type Registry } from 'prom-client'
import { boundedNames } from './bounded-names.ts'
import { type Counts, deliveryOutcomes, taskOutcomes } from './counts.ts'

/** Each project costs about thirty series. */
export const projectsMax = 50

/** From a trivial job to a job of 12 hours. */
const jobSeconds = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200]
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** The counters and histograms of this process. */
export function serverCounters(registry: Registry): Counts & { knowProjects(names: readonly string[]): void } {
  const registers = [registry]
  const ended = new Counter({
    name: 'rumpfarm_attempts_ended_total',
    help: 'Attempts of jobs that this server ended, by project and verdict',
    labelNames: ['project', 'verdict'],
    registers,
  })
  const ran = new Histogram({
    name: 'rumpfarm_attempt_duration_seconds',
    help: 'Time from the start to the end of an attempt',
    labelNames: ['project'],
    buckets: jobSeconds,
    registers,
  })
  const waited = new Histogram({
    name: 'rumpfarm_attempt_wait_seconds',
    help: 'Time that an attempt waited for its host after its sources were ready',
    buckets: jobSeconds,
    registers,
  })
  const logBytes = new Counter({
    name: 'rumpfarm_log_bytes_total',
    help: 'Bytes of logs that this server stored, by project',
    labelNames: ['project'],
    registers,
  })
  const deliveries = new Counter({
    name: 'rumpfarm_deliveries_total',
    help: 'Tries of this server to deliver a message, by the kind of its channel and the outcome',
    labelNames: ['channel', 'outcome'],
    registers,
  })
  const tasks = new Counter({
    name: 'rumpfarm_tasks_total',
    help: 'Runs of background tasks by this server, by task and outcome',
    labelNames: ['task', 'outcome'],
    registers,
  })
  // A counter of the library looks for its labels at each increment. Six requests of a trivial job cost 0.1 ms.
  const answered = new Map<string, { labels: Record<'method' | 'route' | 'status', string>; count: number }>()
  new Counter({
    name: 'rumpfarm_http_requests_total',
    help: 'HTTP requests that this server answered, by method, route and class of the status',
    labelNames: ['method', 'route', 'status'],
    registers,
    collect() {
      this.reset()
      for (const { labels, count } of answered.values()) this.inc(labels, count)
    },
  })
  const requestDurations = new Histogram({
    name: 'rumpfarm_http_request_duration_seconds',
    help: 'Time until an HTTP request was answered, without long polls and streams',
    labelNames: ['area'],
    buckets: requestSeconds,
    registers,
  })
  const project = boundedNames(projectsMax)
  return {
    onEvent(event) {
      if (event.kind === 'log') logBytes.inc({ project: project(event.projectName) }, event.added)
      if (event.kind !== 'attempt' || !event.verdict) return
      const name = project(event.projectName)
      ended.inc({ project: name, verdict: event.verdict })
      if (event.seconds?.ran != null) ran.observe({ project: name }, event.seconds.ran)
      if (event.seconds?.waited != null) waited.observe(event.seconds.waited)
    },
    request({ method, route, status, seconds }) {
      const hundreds = Math.floor(status / 100)
      const key = route === undefined ? String(hundreds) : `${hundreds} ${method} ${route}`
      const known = answered.get(key)
      if (known) known.count += 1
      else {
        const labels = { method: route === undefined ? 'any' : method, route: route ?? 'none', status: `${hundreds}xx` }
        answered.set(key, { labels, count: 1 })
      }
      if (seconds !== undefined) requestDurations.observe({ area: areaOf(route) }, seconds)
    },
    // Monitoring does not see the first increase of a new series. So all series of a channel, a task or a project begin
    // at the same time, with the value 0.
    delivery(channel, outcome) {
      for (const each of deliveryOutcomes) deliveries.inc({ channel, outcome: each }, Number(each === outcome))
    },
    task(task, outcome) {
      for (const each of taskOutcomes) tasks.inc({ task, outcome: each }, Number(each === outcome))
    },
    knowProjects(names) {
      for (const name of names.map(project)) {
        logBytes.inc({ project: name }, 0)
        for (const verdict of verdicts) ended.inc({ project: name, verdict }, 0)
      }
    },
  }
}

const areas = ['agent', 'api', 'webhooks', 'assets'] as const

/** The part of the server that a route belongs to. */
function areaOf(route: string | undefined): string {
  if (route === undefined) return 'none'
  const top = route.split('/')[1] ?? ''
  return areas.find(area => area === top) ?? 'pages'
}

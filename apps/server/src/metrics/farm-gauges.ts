import { type Gauges, hostStates } from '@rumpfarm/farm'
import { Gauge, type Registry } from 'prom-client'
import { other } from './bounded-names.ts'

/** Only this many hosts have their own series. */
export const hostsMax = 100

interface Options {
  cacheMs: number
  onProjects(names: readonly string[]): void
}

/**
 * The gauges of the whole farm. The returned function reads their values again if they are older than `cacheMs`. If the
 * database does not answer, the gauges have no values, so that no alert uses old values.
 */
export function farmGauges(
  registry: Registry,
  read: () => Promise<Gauges>,
  { cacheMs, onProjects }: Options,
): () => Promise<void> {
  const { databaseUp, set, reset } = gauges(registry)
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  const refresh = async () => {
    try {
      const values = await read()
      reset()
      set(values)
      onProjects(values.projects)
      databaseUp.set(1)
    } catch {
      reset()
      databaseUp.set(0)
    }
    readAt = performance.now()
  }
  return async () => {
    if (performance.now() - readAt < cacheMs) return
    reading ??= refresh().finally(() => (reading = undefined))
    await reading
  }
}

function gauges(registry: Registry) {
  const all: [gauge: Gauge, hasLabels: boolean][] = []
  const gauge = (name: string, help: string, ...labelNames: string[]) => {
    const made = new Gauge({ name: `rumpfarm_${name}`, help, labelNames, registers: [registry] })
    all.push([made, labelNames.length > 0])
    return made
  }
  const databaseUp = new Gauge({
    name: 'rumpfarm_database_up',
    help: 'Whether the database answered the query for the gauges of the farm',
    registers: [registry],
  })
  const jobs = gauge('open_jobs', 'Open jobs: waiting for sources, queued for a host, or running', 'state')
  const queued = gauge('queued_jobs', 'Queued jobs, by the state of their host', 'host_state')
  const oldest = gauge(
    'queue_oldest_age_seconds',
    'Age of the oldest queued job, by the state of its host',
    'host_state',
  )
  const hosts = gauge('hosts', 'Hosts, by state', 'state')
  const slots = gauge('host_slots', 'Slots of the hosts, by state of the host', 'state')
  const silent = gauge('host_silent_seconds', 'Time since the last message of a silent host', 'host')
  const disks = gauge('host_disk_free_bytes', 'Free disk space of a host', 'host')
  const preparing = gauge('builds_preparing', 'Builds whose sources the farm prepares')
  const examinations = gauge('examinations_waiting', 'Ended attempts whose log the farm must still examine')
  const bisections = gauge('bisections_open', 'Bisections that have not ended')
  const pending = gauge('deliveries_pending', 'Messages that the farm must still deliver', 'kind')
  const pendingAge = gauge('deliveries_oldest_age_seconds', 'Age of the oldest message to deliver', 'kind')
  const farmFile = gauge('farm_file_errors', 'Whether the newest farm.yaml has errors')
  const checked = gauge('silence_check_age_seconds', 'Time since a server checked for silent hosts')
  const databaseBytes = gauge('database_bytes', 'Size of the database')
  return {
    databaseUp,
    /** Removes all values. Without `remove`, a gauge without labels would have the value 0. */
    reset() {
      for (const [one, hasLabels] of all) {
        if (hasLabels) one.reset()
        else one.remove()
      }
    },
    set(values: Gauges) {
      jobs.set({ state: 'waiting' }, values.jobs.waiting)
      jobs.set({ state: 'queued' }, values.jobs.queued)
      jobs.set({ state: 'running' }, values.jobs.running)
      for (const state of hostStates) {
        const counts = values.states[state]
        queued.set({ host_state: state }, counts.queued)
        oldest.set({ host_state: state }, counts.oldestSeconds)
        if (state === 'removed') continue
        hosts.set({ state }, counts.hosts)
        slots.set({ state }, counts.slots)
      }
      setFirst(
        silent,
        values.silent.map(({ name, seconds }) => [name, seconds]),
        Math.max,
      )
      setFirst(
        disks,
        values.disks.map(({ name, bytes }) => [name, bytes]),
        Math.min,
      )
      preparing.set(values.buildsPreparing)
      examinations.set(values.examinations)
      bisections.set(values.bisections)
      for (const { kind, pending: messages, oldestSeconds } of values.deliveries) {
        pending.set({ kind }, messages)
        pendingAge.set({ kind }, oldestSeconds)
      }
      farmFile.set(Number(values.farmFileErrors))
      if (values.silenceCheckSeconds !== null) checked.set(values.silenceCheckSeconds)
      databaseBytes.set(values.databaseBytes)
    },
  }
}

/** Sets the value of the first `hostsMax` hosts, and one value for all others. */
function setFirst(gauge: Gauge, values: [host: string, value: number][], combine: (...values: number[]) => number) {
  for (const [host, value] of values.slice(0, hostsMax)) gauge.set({ host }, value)
  const rest = values.slice(hostsMax).map(([, value]) => value)
  if (rest.length > 0) gauge.set({ host: other }, combine(...rest))
}

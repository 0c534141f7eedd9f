import { type Presence, presence } from '../hosts/presence.rule.ts'
import { refusalOf } from '../hosts/refusal.rule.ts'

/** The rows of the query. Dates inside of JSON are texts. */
export interface GaugeRows {
  projects: string[]
  hosts: HostRow[]
  queued: { hostId: number; jobs: number; oldest: string }[]
  active: number
  waiting: number
  builds: number
  examinations: number
  bisections: number
  notifications: Pending
  commitStatuses: Pending
  farmFileErrors: boolean
  silenceCheckAt: Date | null
  databaseBytes: number
}

interface Pending {
  pending: number
  oldest: string | null
}

interface HostRow {
  id: number
  name: string
  slots: number
  lastSeenAt: string
  silentSince: string | null
  awaySince: string | null
  pausedAt: string | null
  refusal: string | null
  agentVersion: string
  diskFreeMb: number | null
}

/** `refusing`: an online host that takes no jobs now. `removed` occurs only for the jobs of a removed host. */
export type HostState = Presence | 'refusing' | 'removed'

export const hostStates: readonly HostState[] = ['online', 'refusing', 'paused', 'away', 'silent', 'removed']

/** The values of the whole farm for monitoring. All servers of a farm report the same values. */
export interface Gauges {
  /** The names of the projects in farm.yaml, in order. */
  projects: string[]
  /** For each state: the hosts, their slots, the jobs that wait for them, and the age of the oldest of these jobs. */
  states: Record<HostState, { hosts: number; slots: number; queued: number; oldestSeconds: number }>
  /** The silent hosts, the longest silence first. */
  silent: { name: string; seconds: number }[]
  /** The free space of the hosts, the smallest first. */
  disks: { name: string; bytes: number }[]
  jobs: { waiting: number; queued: number; running: number }
  /** Builds whose sources the farm prepares. */
  buildsPreparing: number
  /** Ended attempts whose log the farm must still examine. */
  examinations: number
  bisections: number
  /** Messages that the farm must still deliver, by kind. */
  deliveries: { kind: string; pending: number; oldestSeconds: number }[]
  /** Whether the newest farm.yaml has errors. */
  farmFileErrors: boolean
  /** The seconds since a server last checked for silent hosts; null before the first check. */
  silenceCheckSeconds: number | null
  databaseBytes: number
}

/** Counts hosts and jobs by the state of their host. */
export function composeGauges(rows: GaugeRows, now: Date, agentVersionMin: string | undefined): Gauges {
  const secondsSince = (at: string | Date | null) =>
    at === null ? 0 : Math.max(0, (now.getTime() - new Date(at).getTime()) / 1000)
  const hosts = rows.hosts.map(host => ({ ...host, state: stateOf(host, agentVersionMin) }))
  const stateOfHost = new Map(hosts.map(({ id, state }) => [id, state]))
  const states = Object.fromEntries(
    hostStates.map(state => [state, { hosts: 0, slots: 0, queued: 0, oldestSeconds: 0 }]),
  ) as Gauges['states']
  for (const { state, slots } of hosts) {
    states[state].hosts += 1
    states[state].slots += slots
  }
  for (const { hostId, jobs, oldest } of rows.queued) {
    const counts = states[stateOfHost.get(hostId) ?? 'removed']
    counts.queued += jobs
    counts.oldestSeconds = Math.max(counts.oldestSeconds, secondsSince(oldest))
  }
  const deliveriesOf = (kind: string, { pending, oldest }: Pending) => ({
    kind,
    pending,
    oldestSeconds: secondsSince(oldest),
  })
  const { waiting, active, examinations, bisections, farmFileErrors, databaseBytes } = rows
  return {
    projects: rows.projects,
    states,
    silent: hosts
      .filter(({ state }) => state === 'silent')
      .map(({ name, lastSeenAt }) => ({ name, seconds: secondsSince(lastSeenAt) }))
      .sort((one, other) => other.seconds - one.seconds),
    disks: hosts
      .flatMap(({ name, diskFreeMb }) => (diskFreeMb === null ? [] : [{ name, bytes: diskFreeMb * 1_000_000 }]))
      .sort((one, other) => one.bytes - other.bytes),
    jobs: { waiting, queued: rows.queued.reduce((sum, { jobs }) => sum + jobs, 0), running: active },
    buildsPreparing: rows.builds,
    examinations,
    bisections,
    deliveries: [deliveriesOf('notification', rows.notifications), deliveriesOf('commit-status', rows.commitStatuses)],
    farmFileErrors,
    silenceCheckSeconds: rows.silenceCheckAt === null ? null : secondsSince(rows.silenceCheckAt),
    databaseBytes,
  }
}

function stateOf(host: HostRow, agentVersionMin: string | undefined): HostState {
  const date = (text: string | null) => (text === null ? null : new Date(text))
  const state = presence({
    lastSeenAt: new Date(host.lastSeenAt),
    silentSince: date(host.silentSince),
    awaySince: date(host.awaySince),
    pausedAt: date(host.pausedAt),
  })
  return state === 'online' && refusalOf(host, agentVersionMin).refusalCode !== null ? 'refusing' : state
}

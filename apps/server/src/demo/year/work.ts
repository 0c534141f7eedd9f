// The slots of the hosts: when each job starts and ends.
import type { DemoHost } from './hosts.ts'
import { type DemoProject, hostsOf } from './projects.ts'
import { pausedHours, silentHours } from './troubles.ts'

const hourMs = 3_600_000

export interface Work {
  /** The next free slot. Undefined if the host starts no further job before the demo's present. */
  start(host: DemoHost, queuedAt: number): { slot: number; at: number } | undefined
  /** The slot is free again at this time. */
  end(host: DemoHost, slot: number, at: number): void
  /** The length of a step in milliseconds, without chance. */
  stepMs(host: DemoHost, project: DemoProject, step: number): number
  /** Since when the host is silent, in milliseconds; undefined if it is not. */
  silentSince(host: DemoHost): number | undefined
}

export interface WorkRequest {
  hosts: readonly DemoHost[]
  projects: readonly DemoProject[]
  nowMs: number
  /** A host needs at most this long for the builds of a night. */
  nightHoursMax: number
}

export function openWork({ hosts, projects, nowMs, nightHoursMax }: WorkRequest): Work {
  const free = new Map(hosts.map(host => [host.id, Array.from({ length: host.slots }, () => 0)]))
  const slowness = new Map(hosts.map(host => [host.id, bearable(host, projects, nightHoursMax)]))
  const since = (host: DemoHost, hours: Record<string, number>) => {
    const age = hours[host.name]
    return age === undefined ? undefined : nowMs - age * hourMs
  }
  const stopsAt = (host: DemoHost) => Math.min(since(host, silentHours) ?? nowMs, since(host, pausedHours) ?? nowMs)
  return {
    start(host, queuedAt) {
      const slots = free.get(host.id) ?? [0]
      const slot = slots.indexOf(Math.min(...slots))
      const at = Math.max(queuedAt + 20_000, (slots[slot] ?? 0) + 2_000)
      return at < stopsAt(host) ? { slot: slot + 1, at } : undefined
    },
    end(host, slot, at) {
      const slots = free.get(host.id)
      if (slots) slots[slot - 1] = at
    },
    stepMs: (host, project, step) => (project.minutes[step] ?? 1) * 60_000 * (slowness.get(host.id) ?? 1),
    silentSince: host => since(host, silentHours),
  }
}

/** The host's slowness, or less if the host could not do a night's work otherwise. */
function bearable(host: DemoHost, projects: readonly DemoProject[], nightHoursMax: number): number {
  const minutes = projects
    .filter(project => hostsOf(project, [host]).length > 0)
    .map(project => {
      const jobs = host.arches.filter(arch => project.arches.includes(arch)).length * project.variants.length
      return jobs * project.minutes.reduce((sum, each) => sum + each, 0)
    })
    .reduce((sum, each) => sum + each, 0)
  return Math.min(host.slowness, (nightHoursMax * 60 * host.slots) / Math.max(1, minutes))
}

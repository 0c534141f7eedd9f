// A believable year of a farm, the same in each run with the same seed and the same present.
import { createHash } from 'node:crypto'
import type { ImportedBuild, ImportedHost } from '@rumpfarm/farm'
import type { DemoRepository } from '../repositories.ts'
import { factsHistory } from './facts.ts'
import { boxesOfProject, demoHealth } from './health.ts'
import { type DemoHost, demoHosts, hostsMax } from './hosts.ts'
import { jobOf } from './jobs.ts'
import { type DemoProject, demoFarmYaml, demoProjects, further, repositoryOf } from './projects.ts'
import { openRandom } from './random.ts'
import { type DemoBranch, demoBranches, type PlannedBuild, sourceLine } from './timeline.ts'
import { pausedHours, silentHours } from './troubles.ts'
import { openWork } from './work.ts'

export interface YearRequest {
  seed: number
  /** The demo's present. */
  now: Date
  /** About how many jobs the year has. */
  jobs: number
  /** For the bench: each host builds every project for every arch, and there are no logs. */
  everywhere?: boolean
  /** For the bench: the largest ids of an older history. The year's builds and jobs have larger ids. */
  after?: { builds: number; jobs: number }
}

export interface Year {
  farmYaml: string
  hosts: ImportedHost[]
  branches: DemoBranch[]
  /** All repositories of the farm.yaml. */
  repositories: DemoRepository[]
  /** Oldest first. */
  builds(): Generator<ImportedBuild>
}

const hourMs = 3_600_000
/** Jobs of an older build that passed have no log, because a farm of this age has pruned it. */
const passedLogHours = 40
const failedLogHours = 24 * 45

export function demoYear({ seed, now, jobs, everywhere = false, after = nothing }: YearRequest): Year {
  const projects = demoProjects(everywhere)
  const hosts = demoHosts({ seed, everyArch: everywhere, ...sizeOf(jobs) })
  const perBuild = projects.reduce((sum, project) => sum + 2 * boxesOfProject(project, hosts).length, 0)
  // The last night began nine hours ago. Some slow hosts of the demo are not ready. In the bench all are: otherwise a
  // third of its cells would be active.
  const nightHoursMax = everywhere ? 6 : 11
  const source = sourceLine(seed, now)
  const branches = demoBranches({
    source,
    pushNow: !everywhere,
    seed,
    now,
    projects,
    builds: Math.max(buildsMin, Math.round(jobs / perBuild) - 1),
  })
  const planned = branches.flatMap(({ builds }) => builds).sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
  return {
    farmYaml: demoFarmYaml(projects, hosts),
    hosts: hosts.map(host => importedHost(host, now)),
    branches,
    repositories: [
      ...projects.map(({ name }) => ({
        name: `${name}.git`,
        branches: branches.filter(({ project }) => project === name),
      })),
      { name: `${further.source}.git`, branches: [{ name: further.branch, commits: source }] },
    ],
    builds: () =>
      importedBuilds({ seed, nowMs: now.getTime(), hosts, projects, planned, logs: !everywhere, nightHoursMax, after }),
  }
}

const buildsMin = 10
const nothing = { builds: 0, jobs: 0 }

/** A small farm has fewer hosts, so that each cell still has a history. */
function sizeOf(jobs: number): { count: number; archesMax: number } {
  const share = Math.min(1, jobs / 80_000)
  return { count: Math.round(hostsMax * Math.sqrt(share)), archesMax: share === 1 ? 20 : share > 0.2 ? 8 : 3 }
}

function importedHost(host: DemoHost, now: Date): ImportedHost {
  const ago = (hours: number | undefined) => (hours === undefined ? null : new Date(now.getTime() - hours * hourMs))
  const silentSince = ago(silentHours[host.name])
  return {
    id: host.id,
    name: host.name,
    slots: host.slots,
    version: '1.0.0',
    facts: factsHistory(host, now),
    arches: host.arches.map(arch => ({
      arch,
      kind: arch === host.native ? ('native' as const) : ('cross' as const),
      compiler: host.compiler,
    })),
    enrolledAt: new Date(now.getTime() - host.joinedDaysAgo * 24 * hourMs),
    lastSeenAt: silentSince ?? now,
    silentSince,
    pausedAt: ago(pausedHours[host.name]),
  }
}

const joinedBefore = ({ joinedDaysAgo }: DemoHost, { ageHours }: PlannedBuild) => joinedDaysAgo * 24 >= ageHours

interface BuildsRequest {
  seed: number
  nowMs: number
  hosts: readonly DemoHost[]
  projects: readonly DemoProject[]
  planned: readonly PlannedBuild[]
  logs: boolean
  nightHoursMax: number
  after: { builds: number; jobs: number }
}

function* importedBuilds({
  seed,
  nowMs,
  hosts,
  projects,
  planned,
  logs,
  nightHoursMax,
  after,
}: BuildsRequest): Generator<ImportedBuild> {
  const boxes = new Map(projects.map(project => [project.name, boxesOfProject(project, hosts)]))
  const context = {
    nowMs,
    random: openRandom(seed, 'jobs'),
    health: demoHealth({ seed, hosts, projects }),
    work: openWork({ hosts, projects, nowMs, nightHoursMax }),
    failing: new Map<string, boolean>(),
    hasLog: ({ ageHours }: PlannedBuild, failed: boolean) =>
      logs && ageHours < (failed ? failedLogHours : passedLogHours),
  }
  let jobId = after.jobs
  for (const [index, build] of planned.entries()) {
    const jobs = build.project.variants.flatMap(variant =>
      (boxes.get(build.project.name) ?? [])
        .filter(({ host }) => joinedBefore(host, build))
        .map(box => jobOf(context, { id: ++jobId, build, ...box, variant })),
    )
    const { commit, author, subject } = build.commit
    const { project, branch, createdAt, source } = build
    const sources = [sourceOf(project.name, commit), ...(source ? [sourceOf(further.source, source.commit)] : [])]
    yield {
      id: after.builds + index + 1,
      project: project.name,
      commit,
      branch,
      subject,
      author,
      createdAt,
      sources,
      jobs,
    }
  }
}

/** A source as the farm prepares it. Nobody downloads its tarball, so its sums are invented. */
function sourceOf(name: string, commit: string): ImportedBuild['sources'][number] {
  const sum = createHash('sha256').update(commit).digest('hex')
  const crc = String(Number.parseInt(sum.slice(0, 8), 16))
  return {
    ...{ name, repository: repositoryOf(name), commit, path: null, leaveOut: [] },
    ...{ bytes: 1_200_000 + (Number.parseInt(sum.slice(8, 12), 16) % 40_000), crc, sha256: sum, md5: sum.slice(0, 32) },
  }
}

// Which cells fail at which build, and why.
import type { ErrorKind } from './errors.ts'
import { type DemoHost, hostsMax, runs } from './hosts.ts'
import { type DemoProject, hostsOf } from './projects.ts'
import { openRandom, type Random } from './random.ts'
import type { PlannedBuild } from './timeline.ts'
import { flakySources, type Trouble, troubles } from './troubles.ts'

export interface Failure {
  step: string
  error: ErrorKind
  hangs: boolean
  /** The second attempt, with which the farm confirms a failure. */
  confirmation: 'fails' | 'passes' | 'missing'
}

export interface Health {
  /** The failure of a job; undefined if it passes. */
  failureOf(build: PlannedBuild, host: DemoHost, arch: string, random: Random): Failure | undefined
}

export interface Box {
  host: DemoHost
  arch: string
}

const boxName = (project: string, { host, arch }: Box) => `${project}/${host.name}/${arch}`

/** Rarely, a test fails on any host. */
const noise: Record<string, { error: ErrorKind; rate: number }> = {
  base: { error: 'base-timers', rate: 0.002 },
  wide: { error: 'wide-timers', rate: 0.002 },
}

export interface HealthRequest {
  seed: number
  hosts: readonly DemoHost[]
  projects: readonly DemoProject[]
}

export function demoHealth({ seed, hosts, projects }: HealthRequest): Health {
  const random = openRandom(seed, 'health')
  const all = new Map(projects.map(project => [project.name, boxesOfProject(project, hosts)]))
  const taken = new Set<string>()
  const placed = troubles.map(trouble => ({
    trouble,
    boxes: boxesOf(trouble, all.get(trouble.project) ?? [], hosts, random, taken),
  }))
  const flaky = new Map(
    flakySources.flatMap(source =>
      chooseBoxes(
        (all.get(source.project) ?? []).filter(({ host, arch }) => runs(host, arch)),
        source.boxes,
        hosts,
        random,
      )
        .filter(box => !taken.has(boxName(source.project, box)))
        .map(box => [boxName(source.project, box), source] as const),
    ),
  )
  return {
    failureOf(build, host, arch, random) {
      const name = boxName(build.project.name, { host, arch })
      const found = placed.find(({ trouble, boxes }) => boxes.has(name) && covers(trouble, build))
      if (found) return failureOf(found.trouble)
      const source =
        flaky.get(name) ?? (runs(host, arch) && build.ageHours > 30 ? noise[build.project.name] : undefined)
      if (source && random.chance(source.rate))
        return { step: 'tests', error: source.error, hangs: false, confirmation: 'passes' }
      return undefined
    },
  }
}

const failureOf = ({ step, error, hangs, unconfirmed }: Trouble): Failure => ({
  step,
  error,
  hangs: hangs ?? false,
  confirmation: unconfirmed ? 'missing' : 'fails',
})

const covers = (trouble: Trouble, { branch, ageHours }: PlannedBuild): boolean =>
  branch === (trouble.branch ?? 'main') &&
  ageHours <= trouble.sinceHours &&
  (trouble.untilHours === undefined || ageHours > trouble.untilHours)

/** The boxes of a project: each has one job for each variant. */
export const boxesOfProject = (project: DemoProject, hosts: readonly DemoHost[]): Box[] =>
  hostsOf(project, hosts).flatMap(host =>
    host.arches.filter(arch => project.arches.includes(arch)).map(arch => ({ host, arch })),
  )

/** The names of the boxes that fail. Two troubles of one project never share a box at the same time. */
function boxesOf(
  trouble: Trouble,
  boxes: readonly Box[],
  hosts: readonly DemoHost[],
  random: Random,
  taken: Set<string>,
): Set<string> {
  const matching = boxes.filter(
    ({ host, arch }) => trouble.on(host, arch) && (trouble.step !== 'tests' || runs(host, arch)),
  )
  const chosen = trouble.boxes === undefined ? matching : chooseBoxes(matching, trouble.boxes, hosts, random)
  const names = chosen.map(box => boxName(trouble.project, box))
  for (const name of names) taken.add(name)
  return new Set(names)
}

const chooseBoxes = (boxes: readonly Box[], count: number, hosts: readonly DemoHost[], random: Random): Box[] =>
  random.shuffled(boxes).slice(0, Math.max(1, Math.round((count * hosts.length) / hostsMax)))

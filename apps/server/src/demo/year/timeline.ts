// When each project was built, and the commits between its builds.
import { commitLine, type DemoCommit, type Story } from './commits.ts'
import { type DemoProject, further } from './projects.ts'
import { openRandom } from './random.ts'
import { type Trouble, troubles } from './troubles.ts'

const hourMs = 3_600_000

export interface PlannedBuild {
  project: DemoProject
  branch: string
  commit: DemoCommit
  createdAt: Date
  /** The hours from `createdAt` to the demo's present. */
  ageHours: number
  /** The commit of the further source, if the project has one. */
  source: DemoCommit | undefined
}

export interface DemoBranch {
  project: string
  name: string
  /** Oldest first; a branch begins with the commits of main that it contains. */
  commits: DemoCommit[]
  builds: PlannedBuild[]
}

export interface TimelineRequest {
  seed: number
  now: Date
  /** The commits of the further source, oldest first. */
  source: readonly DemoCommit[]
  projects: readonly DemoProject[]
  /** Whether docs has a push of this hour, whose jobs run or wait. */
  pushNow: boolean
  /** How many builds of main each project has. */
  builds: number
}

export const demoBranches = (request: TimelineRequest): DemoBranch[] =>
  request.projects.flatMap((project, index) => {
    const main = mainBranch(request, project, index)
    return [
      main,
      ...sideBranches
        .filter(side => side.project === project.name)
        .map(side => sideBranch(request, main, project, side)),
    ]
  })

/** The oldest build is more than two years old. */
const oldestHours = 24 * 800
/** The last night began this many hours ago. */
const nightHours = 9

/**
 * The ages of the builds in hours, oldest first. The newest quarter of the builds are nightly; before, the farm had fewer
 * hosts and built less often.
 */
export function buildAges(count: number, offsetHours: number): number[] {
  const nightly = Math.max(4, Math.round(count / 4))
  const ages = Array.from({ length: Math.min(nightly, count) }, (_, index) => nightHours + offsetHours + 24 * index)
  const rest = count - ages.length
  const growth = growthOf(rest, oldestHours - (ages.at(-1) ?? 0))
  for (let gap = 24 * growth; ages.length < count; gap *= growth) ages.push((ages.at(-1) ?? 0) + gap)
  return ages.reverse()
}

/** The factor by which each gap is longer than the next newer one, so that `count` gaps make `totalHours`. */
function growthOf(count: number, totalHours: number): number {
  let [low, high] = [0.5, 50]
  for (let round = 0; round < 60; round++) {
    const growth = (low + high) / 2
    let sum = 0
    for (let index = 1; index <= count; index++) sum += 24 * growth ** index
    if (sum < totalHours) low = growth
    else high = growth
  }
  return low
}

function mainBranch(
  { seed, now, source, builds, pushNow }: TimelineRequest,
  project: DemoProject,
  index: number,
): DemoBranch {
  const ages = buildAges(builds, index * 0.7)
  if (project.name === 'docs' && pushNow) ages.push(0.4)
  return branchOf({ seed, now, source, project, name: 'main', ages, fork: [] })
}

interface SideBranch {
  project: string
  name: string
  ages: number[]
  forkHours: number
}

// The newest push to release-2 of base is half an hour old, so many of its jobs run or wait.
const days = (...ages: number[]) => ages.map(age => age * 24)
const sideBranches: readonly SideBranch[] = [
  { project: 'base', name: 'release-2', ages: days(150, 90, 45, 20, 6, 0.02), forkHours: 24 * 160 },
  { project: 'tools', name: 'feature/json-output', ages: days(5.2, 3.1, 1.3), forkHours: 24 * 6 },
  { project: 'wide', name: 'release-2', ages: days(140, 80, 30), forkHours: 24 * 160 },
  { project: 'wide', name: 'feature/quic', ages: days(8.4, 4.6, 2.2), forkHours: 24 * 9 },
]

function sideBranch(
  { seed, now, source }: TimelineRequest,
  main: DemoBranch,
  project: DemoProject,
  side: SideBranch,
): DemoBranch {
  const before = new Date(now.getTime() - side.forkHours * hourMs)
  const fork = main.commits.filter(({ committedAt }) => committedAt <= before)
  return branchOf({ seed, now, source, project, name: side.name, ages: side.ages, fork })
}

interface BranchRequest {
  seed: number
  now: Date
  source: readonly DemoCommit[]
  project: DemoProject
  name: string
  /** Oldest first. */
  ages: readonly number[]
  /** The commits of main that the branch contains. */
  fork: readonly DemoCommit[]
}

function branchOf({ seed, now, source, project, name, ages, fork }: BranchRequest): DemoBranch {
  const random = openRandom(seed, `timeline ${project.name} ${name}`)
  const times: Date[] = []
  const stories = new Map<number, Story>()
  const heads: number[] = []
  for (const [index, age] of ages.entries()) {
    const [begins, ends] = beginsAndEnds(project.name, name, ages, index)
    const count = Math.max(1, ...begins.map(({ commits }) => commits)) + (begins.length > 0 ? 0 : random.below(5))
    const previousAge = ages[index - 1] ?? age + 48
    for (let commit = 1; commit <= count; commit++) {
      const hours = age + 0.1 + (previousAge - age - 0.2) * (1 - commit / (count + 1))
      times.push(new Date(Math.floor((now.getTime() - hours * hourMs) / 1000) * 1000))
    }
    const first = times.length - count
    for (const story of [...begins.map(trouble => trouble.story), ...ends]) {
      const free = Array.from({ length: count }, (_, each) => first + each).filter(each => !stories.has(each))
      if (free.length > 0) stories.set(random.pick(free), story)
    }
    heads.push(times.length - 1)
  }
  const own = commitLine({
    seed,
    project: project.name,
    line: name,
    parent: fork.at(-1)?.commit ?? null,
    times,
    stories,
  })
  const builds = ages.map((ageHours, index) => ({
    project,
    branch: name,
    commit: own[heads[index] ?? 0] as DemoCommit,
    createdAt: new Date(Math.round(now.getTime() - ageHours * hourMs)),
    ageHours,
    source: project.name === further.project ? newestBefore(source, now.getTime() - ageHours * hourMs) : undefined,
  }))
  return { project: project.name, name, commits: [...fork, ...own], builds }
}

const newestBefore = (commits: readonly DemoCommit[], ms: number): DemoCommit | undefined =>
  commits.findLast(({ committedAt }) => committedAt.getTime() < ms)

/** The commits of the further source: one or two a day at the end, and fewer before. */
export function sourceLine(seed: number, now: Date): DemoCommit[] {
  const random = openRandom(seed, 'source')
  const times: Date[] = []
  for (let hours = 5; hours < oldestHours + 24 * 60; hours += 6 + (12 + hours / 60) * random.next())
    times.push(new Date(Math.floor((now.getTime() - hours * hourMs) / 1000) * 1000))
  return commitLine({ seed, project: further.source, line: further.branch, parent: null, times: times.reverse() })
}

/** The troubles that begin with this build, and the stories of those that end with it. */
function beginsAndEnds(project: string, branch: string, ages: readonly number[], index: number): [Trouble[], Story[]] {
  const age = ages[index] ?? 0
  const previous = ages[index - 1] ?? Number.POSITIVE_INFINITY
  const isFirst = (hours: number | undefined) => hours !== undefined && age <= hours && previous > hours
  const here = troubles.filter(each => each.project === project && (each.branch ?? 'main') === branch)
  return [
    here.filter(each => isFirst(each.sinceHours)),
    here.flatMap(each => (isFirst(each.untilHours) && each.fix ? [each.fix] : [])),
  ]
}

import { createHash } from 'node:crypto'
import type { OwnerRule, ProjectConfig, ProjectResults } from '@rumpfarm/contracts'
import { permitsJob } from '../hosts/owner.rule.ts'
import { type Matcher, matcher, remembered } from '../projects/patterns.rule.ts'

/** The exact instructions of a job. The farm stores each distinct recipe once. */
export interface Recipe {
  project: string
  variant: string
  repository: string
  path: string | null
  leaveOut: string[]
  sources: ProjectConfig['sources']
  env: Record<string, string>
  limits: ProjectConfig['limits']
  steps: { name: string; run: string }[]
  /** Older recipes do not have this key, because the farm stored them before it supported artifacts. */
  artifacts?: string[]
  /** Paths that the host keeps from one job to the next. Absent if the project has no cache. */
  cache?: string[]
  /** Where the results of single tests are. Absent if the project reports no single tests. */
  results?: ProjectResults[]
  /** Patterns of lines of the log: errors, and lines that are none. Absent if the project has no patterns. */
  errors?: string[]
  ignore?: string[]
}

export interface PlannedHost {
  id: number
  name: string
  arches: string[]
  /** The rules of the host's owner. */
  rules: OwnerRule[]
}

export interface PlannedJob {
  hostId: number
  arch: string
  variant: string
  recipe: Recipe
  recipeHash: string
}

export const buildsBranch = (project: Pick<ProjectConfig, 'branches'>, branch: string): boolean =>
  matcher(project.branches)(branch)

/** Whether the project builds a tag. Without `tags` in farm.yaml, it builds none. */
export const buildsTag = ({ tags = [] }: Pick<ProjectConfig, 'tags'>, tag: string): boolean => matcher(tags)(tag)

/**
 * Whether the project expects this variant on a host for an arch. The returned function matches each name only once.
 * Otherwise, a page with 60 hosts × 20 arches would need 4,800 matches.
 */
export function expectation(project: ProjectConfig, variant: string): (host: string, arch: string) => boolean {
  const { hosts, arches } = expectedNames(project, variant)
  return (host, arch) => hosts(host) && arches(arch)
}

const nobody: Matcher = () => false

/** The hosts and the arches on which the project expects this variant: every pair of an expected host and arch. */
export function expectedNames(project: ProjectConfig, variant: string): { hosts: Matcher; arches: Matcher } {
  const own = Object.hasOwn(project.variants, variant) ? project.variants[variant] : undefined // `toString` is not a variant
  if (!own) return { hosts: nobody, arches: nobody }
  return { hosts: both(project.hosts, own.hosts), arches: both(project.arches, own.arches) }
}

/** Whether a name matches both lists of patterns. */
function both(one: readonly string[], other: readonly string[]): Matcher {
  const [first, second] = [matcher(one), matcher(other)]
  return remembered(name => first(name) && second(name))
}

export function recipeOf(project: ProjectConfig, variant: string): Recipe {
  return {
    project: project.name,
    variant,
    repository: project.repository,
    path: project.path ?? null,
    leaveOut: project.leaveOut,
    sources: project.sources,
    env: { ...project.env, ...project.variants[variant]?.env },
    limits: project.limits,
    steps: project.steps,
    artifacts: project.artifacts,
    ...(project.cache ? { cache: project.cache } : {}),
    ...(project.results ? { results: project.results } : {}),
    ...(project.errors ? { errors: project.errors } : {}),
    ...(project.ignore ? { ignore: project.ignore } : {}),
  }
}

/** The paths and patterns of all files that the host uploads: artifacts, and the files with test results. */
export const uploadsOf = ({ artifacts = [], results = [] }: Pick<Recipe, 'artifacts' | 'results'>): string[] => [
  ...new Set([...artifacts, ...results.flatMap(({ files }) => files ?? [])]),
]

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

export const recipeHashOf = (recipe: Recipe): string => hashOf(recipe)

/**
 * The hash of the recipes of all variants. The same commit with another hash is another build. So a commit that was
 * built before can be built again with a corrected recipe or another source. The patterns of log lines do not count,
 * because they change no result.
 */
export const buildRecipeHash = ({ errors: _, ignore: __, ...project }: ProjectConfig): string =>
  hashOf(Object.keys(project.variants).map(variant => recipeOf(project, variant)))

/** Patterns of the cells to build, such as one host for one arch. An absent list means all. */
export interface WantedCells {
  hosts?: string[] | undefined
  arches?: string[] | undefined
  variants?: string[] | undefined
  /** Only these cells. Absent: all that the patterns select. */
  cells?: CellPlace[] | undefined
}

export interface CellPlace {
  hostId: number
  arch: string
  variant: string
}

/**
 * Whether a build belongs to its branch: the recipe uses the name of the branch, or the project wants a build of each
 * branch. Otherwise the results of a commit count for every branch that contains the commit.
 */
export const buildsEachBranch = ({ buildEachBranch, steps, env, variants }: ProjectConfig): boolean =>
  buildEachBranch === true ||
  [
    ...steps.map(({ run }) => run),
    ...[env, ...Object.values(variants).map(own => own.env)].flatMap(Object.values),
  ].some(text => text.includes('FARM_BRANCH'))

/**
 * One job for each variant, host and arch of the host, without the jobs that the project does not expect or that the
 * host's owner does not allow. Code from a fork runs only on hosts whose owner allows forks.
 */
export function planJobs(
  project: ProjectConfig,
  allHosts: readonly PlannedHost[],
  branch: string | null = null,
  wanted: WantedCells = {},
  fork = false,
): PlannedJob[] {
  const [wantsHost, wantsArch, wantsVariant] = [wanted.hosts, wanted.arches, wanted.variants].map(wants)
  const hosts = allHosts.filter(
    ({ name, rules }) => permitsJob(rules, { project: project.name, branch, fork }) && wantsHost?.(name),
  )
  const variants = Object.keys(project.variants).filter(variant => wantsVariant?.(variant))
  const cells = wanted.cells && new Set(wanted.cells.map(placeOf))
  const jobs = variants.flatMap(variant => {
    const recipe = recipeOf(project, variant)
    const recipeHash = recipeHashOf(recipe)
    const expects = expectation(project, variant)
    return hosts.flatMap(host =>
      host.arches
        .filter(arch => expects(host.name, arch) && wantsArch?.(arch))
        .map(arch => ({ hostId: host.id, arch, variant, recipe, recipeHash })),
    )
  })
  return cells ? jobs.filter(job => cells.has(placeOf(job))) : jobs
}

const placeOf = ({ hostId, arch, variant }: CellPlace): string => `${hostId} ${arch} ${variant}`

const wants = (patterns: string[] | undefined) => (patterns === undefined ? () => true : remembered(matcher(patterns)))

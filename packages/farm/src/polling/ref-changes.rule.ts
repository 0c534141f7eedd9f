import type { ProjectConfig } from '@rumpfarm/contracts'
import { buildsBranch, buildsTag } from '../builds/plan.rule.ts'
import { mainBranch } from '../matrix/main-branch.rule.ts'

export const branchPrefix = 'refs/heads/'
export const tagPrefix = 'refs/tags/'

/** The farm remembers the commits of this many refs of a repository. */
export const refsMax = 5000
/** One look handles this many changes. The next look follows at once and handles the others. */
export const changesMax = 50
/** A ref counts as deleted when this many looks in a row did not find it. */
const missingLooks = 2

/** A project of the repository, or a project that has the repository as a source with `trigger`. */
export interface PollingProject {
  config: ProjectConfig
  /** Whether the farm has never looked at the branches for this project. */
  isNew: boolean
}

/** What the repository has now. */
export interface SeenRefs {
  defaultBranch: string | undefined
  /** The commit of each full name. */
  commits: ReadonlyMap<string, string>
}

export interface KnownRef {
  ref: string
  commit: string
  missing: number
}

/** A change that the farm must handle for these projects. */
export interface FoundChange {
  ref: string
  before: string | null
  /** Null if the ref was deleted. */
  after: string | null
  projects: string[]
}

export interface RefChanges {
  /** At most `changesMax`. */
  changes: FoundChange[]
  /** Whether there are more changes. */
  more: boolean
  /** The watched refs that did not change. The new refs of projects that the farm sees for the first time are among them. */
  same: { ref: string; commit: string }[]
  /** The refs that this look did not find, and that are not deleted yet. */
  missing: string[]
  /** Why the farm watches only some refs; null if it watches all that a project builds. */
  limit: string | null
}

/** Whether the project wants to hear of a ref, as its own or as one of a source. */
function watches({ config }: PollingProject, repository: string, ref: string, seen: SeenRefs): boolean {
  if (config.pollSeconds === 0) return false
  const branch = ref.startsWith(branchPrefix) ? ref.slice(branchPrefix.length) : undefined
  const tag = ref.startsWith(tagPrefix) ? ref.slice(tagPrefix.length) : undefined
  const own = config.repository === repository
  if (own && branch !== undefined && buildsBranch(config, branch)) return true
  if (own && tag !== undefined && buildsTag(config, tag)) return true
  return (
    branch !== undefined &&
    triggersOf(config, repository).some(source => (source.branch ?? seen.defaultBranch) === branch)
  )
}

/** The sources of the project whose pushes build it. */
export const triggersOf = ({ sources }: ProjectConfig, repository: string): ProjectConfig['sources'] =>
  sources.filter(source => source.trigger === true && source.repository === repository)

/** Compares what the repository has now with what the farm saw last. */
export function refChanges(
  repository: string,
  projects: readonly PollingProject[],
  known: readonly KnownRef[],
  seen: SeenRefs,
): RefChanges {
  const before = new Map(known.map(ref => [ref.ref, ref]))
  const wanted = [...seen.commits].filter(([ref]) => projects.some(project => watches(project, repository, ref, seen)))
  const watched = wanted.slice(0, refsMax)
  const found = watched.map(([ref, commit]) => {
    const last = before.get(ref)?.commit ?? null
    const concerned = projects.filter(project => watches(project, repository, ref, seen))
    const old = last === commit ? [] : concerned.filter(({ isNew }) => !isNew)
    const first = concerned.filter(project => project.isNew && buildsFirst(project, repository, ref, seen))
    return { ref, before: last, after: commit, projects: [...old, ...first].map(({ config }) => config.name) }
  })
  const gone = known.filter(({ ref }) => !seen.commits.has(ref))
  const deleted = gone
    .filter(({ missing }) => missing + 1 >= missingLooks)
    .map(({ ref, commit }) => ({
      ref,
      before: commit,
      after: null,
      projects: projects
        .filter(project => !project.isNew && watches(project, repository, ref, seen))
        .map(({ config }) => config.name),
    }))
  const changes = [...found.filter(({ projects: concerned }) => concerned.length > 0), ...deleted]
  return {
    changes: changes.slice(0, changesMax),
    more: changes.length > changesMax,
    same: found
      .filter(({ projects: concerned }) => concerned.length === 0)
      .map(({ ref, after }) => ({ ref, commit: after })),
    missing: gone.filter(({ missing }) => missing + 1 < missingLooks).map(({ ref }) => ref),
    limit:
      wanted.length > refsMax
        ? `it has ${wanted.length} branches and tags that a project builds, more than ${refsMax}: name fewer with branches and tags in farm.yaml`
        : null,
  }
}

/**
 * The first look notes the commits that exist, and builds none of them, because they are older than the project. Only if
 * the project wants a poll, it builds the newest commit of the main branch, so that the matrix is not empty.
 */
function buildsFirst(
  { config }: PollingProject,
  repository: string,
  ref: string,
  { defaultBranch, commits }: SeenRefs,
) {
  if (!config.pollSeconds || config.repository !== repository) return false
  const names = [...commits.keys()]
    .filter(name => name.startsWith(branchPrefix))
    .map(name => name.slice(branchPrefix.length))
  const built = names.filter(name => buildsBranch(config, name))
  return ref === branchPrefix + mainBranch(config, built, defaultBranch ?? null)
}

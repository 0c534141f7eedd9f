import type { Mirrors, Problem } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import { buildsTag, isPlain, type RequestOutcome, type WantedCells } from '@rumpfarm/farm'
import type { Services } from '../services.ts'
import { whyNotOwn } from './own-commit.ts'

export interface Trigger {
  project: string
  /** A branch, a tag, or a full or abbreviated commit; undefined: the newest commit of the project's first branch. */
  ref: string | undefined
  /** The branch of the commit that `ref` names. */
  branch?: string | undefined
  /** Why the build is requested. */
  cause: 'hand' | 'push'
  /** The origin of the request. For the same `source` and `deliveryId`, the farm makes only one build. */
  source: string
  deliveryId: string
  /** Creates a new build even if the commit was built with the same recipe. */
  again?: boolean | undefined
  /** The cells to build; absent: all cells of the project. */
  wanted?: WantedCells | undefined
}

export type TriggerOutcome =
  | { kind: 'built'; buildId: number; commit: string; created: boolean; jobsAdded: number; warning: string | null }
  /** The farm received this delivery before. `buildId` is null if the delivery made no build. */
  | { kind: 'repeated'; buildId: number | null; commit: string }
  | { kind: 'unknown-project'; known: string[] }
  | { kind: 'branch-not-built'; branches: string[]; commit: string }
  | { kind: 'tag-not-built'; tags: string[]; commit: string }
  | { kind: 'no-such-cell'; commit: string }
  /** The commit is from a fork, so only its pull request can build it. */
  | { kind: 'fork-commit'; problem: string }
  | { kind: 'no-such-commit'; problem: string }
  | { kind: 'repository-problem'; problem: string }

/** Starts a build of a project. Git resolves the ref to a commit. */
export async function triggerBuild(
  services: Pick<Services, 'farm' | 'mirrors'>,
  trigger: Trigger,
): Promise<TriggerOutcome> {
  const { farm, mirrors } = services
  const projects = await farm.projects.configs()
  const project = projects.get(trigger.project)
  if (!project) return { kind: 'unknown-project', known: [...projects.keys()] }
  const found = await findCommit(mirrors, project, trigger.ref)
  if (found.kind !== 'found') return found
  const { commit, branch, tag, kind: _, ...known } = found
  const foreign = branch || tag ? undefined : await foreignCommit(services, project, found, trigger)
  const isLate = foreign?.kind === 'problem' && !foreign.absent && isFullCommit(trigger.ref ?? '')
  if (foreign && !isLate) return foreign.kind === 'problem' ? notFound(foreign) : foreign
  const { warning = null, ...details } = isLate ? { warning: foreign.problem } : known
  const { cause, source, deliveryId, again, wanted } = trigger
  const outcome = await farm.builds.request({
    project: project.name,
    // A person may also build a tag that the patterns do not include. Then the build is one of its commit.
    of:
      tag !== undefined && buildsTag(project, tag)
        ? { kind: 'tag', tag }
        : { kind: 'branch', branch: branch ?? trigger.branch },
    cause,
    source,
    deliveryId,
    again,
    wanted,
    commit,
    ...details,
  })
  return triggerOutcome(outcome, commit, warning)
}

/**
 * Whether nobody with permission has pushed the commit that `ref` names. If the repository does not answer, the task
 * `prepare-sources` checks the commit: such a request has no subject.
 */
async function foreignCommit(
  services: Pick<Services, 'farm' | 'mirrors'>,
  project: ProjectConfig,
  { commit, warning }: Extract<Found, { kind: 'found' }>,
  { ref, branch }: Trigger,
) {
  if (ref === undefined || warning !== undefined) return undefined
  return whyNotOwn(services, project, { commit, ref: branch === undefined ? undefined : `refs/heads/${branch}` })
}

/** Converts the outcome of a request to the outcome of a trigger. */
export function triggerOutcome(outcome: RequestOutcome, commit: string, warning: string | null): TriggerOutcome {
  switch (outcome.kind) {
    case 'built':
      return { ...outcome, commit, warning }
    case 'unknown-project':
      return outcome
    default:
      return { ...outcome, commit }
  }
}

type Found =
  | {
      kind: 'found'
      commit: string
      branch?: string
      tag?: string
      subject?: string
      author?: string
      warning?: string
    }
  | NotFound

interface NotFound {
  kind: 'no-such-commit' | 'repository-problem'
  problem: string
}

async function findCommit(mirrors: Mirrors, project: ProjectConfig, ref: string | undefined): Promise<Found> {
  if (ref === undefined) return findNewest(mirrors, project)
  const resolved = await mirrors.resolve({ repository: project.repository, ref })
  if (resolved.kind === 'commit') return { ...resolved, kind: 'found' }
  // A full commit needs no answer from git. The build waits for the repository, and is broken if it stays unreachable.
  if (isFullCommit(ref) && !resolved.absent) return { kind: 'found', commit: ref, warning: resolved.problem }
  return notFound(resolved)
}

export const isFullCommit = (ref: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref)

const notFound = ({ absent, problem }: Problem): NotFound => ({
  kind: absent ? 'no-such-commit' : 'repository-problem',
  problem,
})

/**
 * Finds the newest commit of the first existing branch that the project names without a pattern. If there is no such
 * branch, uses the repository's default branch.
 */
export async function findNewest(mirrors: Mirrors, { repository, branches }: ProjectConfig): Promise<Found> {
  for (const ref of branches.filter(isPlain)) {
    const resolved = await mirrors.resolve({ repository, ref })
    if (resolved.kind === 'commit') return { ...resolved, kind: 'found' }
    if (!resolved.absent) return notFound(resolved)
  }
  const resolved = await mirrors.resolve({ repository })
  if (resolved.kind === 'problem') return notFound(resolved)
  // Leaves out the default branch, because the farm would refuse a branch that the project's patterns do not include.
  const { branch: _, ...commit } = resolved
  return { ...commit, kind: 'found' }
}

import type { Mirrors, Problem } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import { isPlain, type PushOutcome } from '@rumpfarm/farm'
import type { Services } from '../services.ts'

export interface Trigger {
  project: string
  /** A branch, a tag, or a commit, full or abbreviated; undefined: the newest of the project's first branch. */
  ref: string | undefined
  /** Who asks, and their own id for it: the same one twice makes one build. */
  source: string
  deliveryId: string
  /** Wants a new build, also where the commit was built with the same recipe. */
  again?: boolean | undefined
}

export type TriggerOutcome =
  | { kind: 'built'; buildId: number; commit: string; created: boolean; jobsAdded: number; doubt: string | null }
  /** The delivery was here before; null: it was not built then, either. */
  | { kind: 'repeated'; buildId: number | null; commit: string }
  | { kind: 'unknown-project'; known: string[] }
  | { kind: 'branch-not-built'; branches: string[]; commit: string }
  | { kind: 'no-such-commit'; problem: string }
  | { kind: 'repository-problem'; problem: string }

/** Builds what somebody asks for by a project's name and a word for the commit. Asks git; a forge's push does not need to. */
export async function triggerBuild(
  { farm, mirrors }: Pick<Services, 'farm' | 'mirrors'>,
  wish: Trigger,
): Promise<TriggerOutcome> {
  const projects = await farm.projects.configs()
  const project = projects.get(wish.project)
  if (!project) return { kind: 'unknown-project', known: [...projects.keys()] }
  const found = await findCommit(mirrors, project, wish.ref)
  if (found.kind !== 'found') return found
  const { commit, doubt = null, kind: _, ...told } = found
  const { source, deliveryId, again } = wish
  const outcome = await farm.builds.receivePush({ project: project.name, source, deliveryId, again, commit, ...told })
  return triggered(outcome, commit, doubt)
}

/** What became of a push, in the words of a trigger. */
export function triggered(outcome: PushOutcome, commit: string, doubt: string | null): TriggerOutcome {
  switch (outcome.kind) {
    case 'built':
      return { ...outcome, commit, doubt }
    case 'unknown-project':
      return outcome
    default:
      return { ...outcome, commit }
  }
}

type Found =
  | { kind: 'found'; commit: string; branch?: string; subject?: string; author?: string; doubt?: string }
  | { kind: 'no-such-commit' | 'repository-problem'; problem: string }

async function findCommit(mirrors: Mirrors, project: ProjectConfig, ref: string | undefined): Promise<Found> {
  if (ref === undefined) return findNewest(mirrors, project)
  const resolved = await mirrors.resolve({ repository: project.repository, ref })
  if (resolved.kind === 'commit') return { ...resolved, kind: 'found' }
  // A full commit needs nobody's word: the build is made, and is broken with git's message if the repository stays away.
  if (isFullCommit(ref) && !resolved.absent) return { kind: 'found', commit: ref, doubt: resolved.problem }
  return notFound(resolved)
}

export const isFullCommit = (ref: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref)

const notFound = ({ absent, problem }: Problem): Found => ({
  kind: absent ? 'no-such-commit' : 'repository-problem',
  problem,
})

/** The first branch that the project names outright and the repository has; else the repository's default branch. */
async function findNewest(mirrors: Mirrors, { repository, branches }: ProjectConfig): Promise<Found> {
  for (const ref of branches.filter(isPlain)) {
    const resolved = await mirrors.resolve({ repository, ref })
    if (resolved.kind === 'commit') return { ...resolved, kind: 'found' }
    if (!resolved.absent) return notFound(resolved)
  }
  const resolved = await mirrors.resolve({ repository })
  if (resolved.kind === 'problem') return notFound(resolved)
  // By its commit alone: the project's patterns may not have this branch, and somebody asked.
  const { branch: _, ...commit } = resolved
  return { ...commit, kind: 'found' }
}

import type { ProjectConfig } from '@rumpfarm/contracts'
import { buildsBranch, buildsTag } from '../builds/plan.rule.ts'

/** A change of a ref, as a forge or a poll reports it. */
export interface RefChange {
  /** The full name, such as refs/heads/main. */
  ref: string
  deleted: boolean
}

export type RefDecision =
  | { kind: 'branch'; branch: string }
  | { kind: 'tag'; tag: string }
  | { kind: 'deleted-branch'; branch: string }
  | { kind: 'ignored'; why: string }

/** Whether a change of a ref can build the project. The decision needs neither git nor the commit. */
export function decideRef(project: RefRules, { ref, deleted }: RefChange): RefDecision {
  const branch = nameIn(ref, 'refs/heads/')
  if (branch !== undefined) {
    if (deleted) return { kind: 'deleted-branch', branch }
    if (buildsBranch(project, branch)) return { kind: 'branch', branch }
    return { kind: 'ignored', why: `${onlyBranches(project)}, not ${branch}` }
  }
  const tag = nameIn(ref, 'refs/tags/')
  if (tag === undefined) return { kind: 'ignored', why: `${ref} is neither a branch nor a tag` }
  if (deleted) return { kind: 'ignored', why: `${ref} was deleted` }
  if (buildsTag(project, tag)) return { kind: 'tag', tag }
  return { kind: 'ignored', why: whyNoTag(project, tag) }
}

type RefRules = Pick<ProjectConfig, 'name' | 'branches' | 'tags'>

const nameIn = (ref: string, prefix: string): string | undefined =>
  ref.startsWith(prefix) && ref.length > prefix.length ? ref.slice(prefix.length) : undefined

const whyNoTag = ({ name, tags = [] }: RefRules, tag: string): string =>
  tags.length === 0 ? `${name} builds no tags` : `${name} builds only the tags ${tags.join(', ')}, not ${tag}`

const onlyBranches = ({ name, branches }: RefRules): string => `${name} builds only the branches ${branches.join(', ')}`

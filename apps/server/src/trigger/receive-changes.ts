import { type Mirrors, type Problem, sameRepository } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import {
  type DeliveryResult,
  decideRef,
  hasPathRules,
  pathProblem,
  type RequestOutcome,
  skipMark,
} from '@rumpfarm/farm'
import type { Services } from '../services.ts'
import { whyNotOwn } from './own-commit.ts'
import { findNewest, isFullCommit } from './trigger-build.ts'

type ChangeServices = Pick<Services, 'farm' | 'mirrors'>

/** A ref of a repository has changed, as a webhook or a poll reports it. It is only a hint: git resolves the commit. */
export interface RefChangeReport {
  /** All addresses of the repository in a webhook, or the address in farm.yaml. */
  repositoryUrls: readonly string[] | { configured: string }
  /** The full name, such as refs/heads/main. */
  ref: string
  /** The commit before the change; null for a new ref, or if the sender does not know it. */
  before: string | null
  /** The commit or tag object after the change; null for a deleted ref; undefined if only git knows it. */
  after: string | null | undefined
  /** The sender and its id of the change. The farm makes only one build for both. */
  source: string
  deliveryId: string
  cause: 'push' | 'poll'
  /** Which projects the sender may touch; by default all. */
  mayTouch?: (project: ProjectConfig) => boolean
}

/** What a change did for one project. */
export interface RefChangeResult extends DeliveryResult {
  /** With `retrying`: the repository answers, but it does not have the commit yet. */
  absent?: boolean
}

/**
 * Handles the change of a ref for each project that builds the repository, or has it as a source with `trigger: true`.
 * Repeating a change makes no second build. If no project has the repository, the list is empty.
 */
export async function receiveRefChange(services: ChangeServices, report: RefChangeReport): Promise<RefChangeResult[]> {
  const projects = [...(await services.farm.projects.configs()).values()].filter(report.mayTouch ?? (() => true))
  const own = projects
    .filter(({ repository }) => isRepository(report.repositoryUrls, repository))
    .map(project => changeProject(services, project, report))
  const further = projects.flatMap(project =>
    triggersOf(project, report.repositoryUrls).map(source => changeSource(services, project, source, report)),
  )
  const results = await Promise.all([...own, ...further])
  return results.flatMap(result => result ?? [])
}

/** Whether a webhook or poll means the repository of farm.yaml. */
export const isRepository = (reported: RefChangeReport['repositoryUrls'], repository: string): boolean =>
  'configured' in reported
    ? reported.configured === repository
    : reported.some(url => sameRepository(repository, url, { anyCase: true }))

type Source = ProjectConfig['sources'][number]

/** The sources whose pushes build the project. */
export const triggersOf = ({ sources }: ProjectConfig, reported: RefChangeReport['repositoryUrls']): Source[] =>
  sources.filter(({ trigger, repository }) => trigger && isRepository(reported, repository))

/** A change of the project's own repository. */
async function changeProject(
  services: ChangeServices,
  project: ProjectConfig,
  report: RefChangeReport,
): Promise<RefChangeResult> {
  const { name } = project
  const decision = decideRef(project, { ref: report.ref, deleted: report.after === null })
  const result = resultFor(name, report.ref)
  switch (decision.kind) {
    case 'ignored':
      return result({ outcome: 'ignored', why: decision.why })
    case 'deleted-branch':
      return result(await removeBranch(services, project, report.ref))
    case 'tag':
      return result(await buildTag(services, project, decision.tag, report))
    case 'branch':
      return result(await buildBranch(services, project, decision.branch, report))
  }
}

/** Takes the cells of a deleted branch from the matrix, unless somebody has pushed the branch again meanwhile. */
async function removeBranch(
  { farm, mirrors }: ChangeServices,
  { name, repository }: ProjectConfig,
  ref: string,
): Promise<PartialResult> {
  const branch = ref.slice('refs/heads/'.length)
  const found = await mirrors.resolve({ repository, ref })
  if (found.kind !== 'problem') return { outcome: 'ignored', why: `the repository still has the branch ${branch}` }
  if (!found.absent) return failed(found)
  await farm.branches.remove(name, branch)
  return { outcome: 'handled', why: `the branch ${branch} was deleted: its cells left the matrix` }
}

async function buildBranch(
  services: ChangeServices,
  project: ProjectConfig,
  branch: string,
  report: RefChangeReport,
): Promise<PartialResult> {
  const { repository } = project
  startTarball(services.mirrors, project, report.after)
  const [found, foreign] = await Promise.all([
    services.mirrors.resolve({ repository, ref: report.after ?? report.ref }),
    foreignCommit(services, project, report),
  ])
  if (found.kind === 'problem') return failed(found)
  const { commit, subject, author, message } = found
  const mark = skipMark(message)
  if (mark) return { outcome: 'ignored', why: `the message of the commit has ${mark}`, commit }
  if (foreign) return { ...foreign, commit }
  const unwanted = await whyUnwanted(services.mirrors, project, { before: report.before, after: commit })
  if (unwanted) return { ...unwanted, commit }
  const { source, deliveryId, cause } = report
  const of = { kind: 'branch', branch } as const
  const request = { project: project.name, commit, of, cause, source, deliveryId, subject, author }
  return builtResult(services, await services.farm.builds.request(request), commit)
}

/**
 * Starts to fetch and pack the reported commit, while the farm still decides. The task `prepare-sources` finds the
 * tarball, so a host starts about 20 ms earlier. With path rules, many pushes build nothing.
 */
function startTarball(mirrors: Mirrors, project: ProjectConfig, after: RefChangeReport['after']): void {
  if (!after || !isFullCommit(after) || hasPathRules(project)) return
  const { repository, path, leaveOut } = project
  void mirrors.tarball({ repository, commit: after, leaveOut, ...(path === undefined ? {} : { path }) })
}

/**
 * Whether the named commit is not on the branch or tag. A poll reads the commit from git, and without a commit git
 * resolves the ref, so both need no check.
 */
async function foreignCommit(
  services: ChangeServices,
  project: ProjectConfig,
  { ref, after, cause }: Pick<RefChangeReport, 'ref' | 'after' | 'cause'>,
): Promise<PartialResult | undefined> {
  if (!after || cause === 'poll') return undefined
  const foreign = await whyNotOwn(services, project, { commit: after, ref })
  if (!foreign) return undefined
  return foreign.kind === 'problem' ? failed(foreign) : { outcome: 'ignored', why: foreign.problem }
}

/** A tag builds even if its commit changes nothing new, because somebody has chosen this commit. */
async function buildTag(
  services: ChangeServices,
  project: ProjectConfig,
  tag: string,
  { ref, after, source, deliveryId, cause }: RefChangeReport,
): Promise<PartialResult> {
  const found = await services.mirrors.resolve({ repository: project.repository, ref: after ?? ref })
  if (found.kind === 'problem') return failed(found)
  const { commit, subject, author } = found
  const foreign = await foreignCommit(services, project, { ref, after: after && commit, cause })
  if (foreign) return { ...foreign, commit }
  const of = { kind: 'tag', tag } as const
  const request = { project: project.name, commit, of, cause, source, deliveryId, subject, author }
  return builtResult(services, await services.farm.builds.request(request), commit)
}

/** The first push of a branch builds the project whatever it changes, because git cannot compare it. */
async function whyUnwanted(
  mirrors: Mirrors,
  project: ProjectConfig,
  { before, after }: { before: string | null; after: string },
): Promise<PartialResult | undefined> {
  if (!hasPathRules(project) || before === null) return undefined
  const changed = await mirrors.changedFiles({ repository: project.repository, before, after })
  if (changed.kind === 'problem') return failed(changed)
  const why = pathProblem(project, changed.kind === 'files' ? changed.files : undefined)
  return why === undefined ? undefined : { outcome: 'ignored', why }
}

/**
 * A change of a further source. The farm builds the newest commit of the project again, with the new commit of the
 * source. The same commit of the source builds the same commit of the project only once.
 */
async function changeSource(
  services: ChangeServices,
  project: ProjectConfig,
  source: Source,
  report: RefChangeReport,
): Promise<RefChangeResult | undefined> {
  if (report.after === null || !report.ref.startsWith('refs/heads/')) return undefined
  const result = resultFor(project.name, `${source.name} ${report.ref}`)
  const branch = report.ref.slice('refs/heads/'.length)
  const expected = source.branch ?? (await defaultBranch(services.mirrors, source.repository))
  if (typeof expected !== 'string') return result(failed(expected))
  if (branch !== expected)
    return result({ outcome: 'ignored', why: `source ${source.name} follows the branch ${expected}, not ${branch}` })
  const moved = await services.mirrors.resolve({ repository: source.repository, ref: report.after ?? report.ref })
  if (moved.kind === 'problem') return result(failed(moved))
  const mark = skipMark(moved.message)
  if (mark) return result({ outcome: 'ignored', why: `the message of the commit has ${mark}` })
  const newest = await findNewest(services.mirrors, project)
  if (newest.kind !== 'found') return result(failed(asProblem(newest)))
  const { commit, subject, author } = newest
  const outcome = await services.farm.builds.request({
    project: project.name,
    commit,
    of: { kind: 'branch', branch: newest.branch },
    cause: 'source',
    causeDetail: `${source.name} moved to ${moved.commit.slice(0, 10)}`,
    source: 'source',
    deliveryId: `${source.name} ${moved.commit} ${commit}`,
    again: true,
    subject,
    author,
  })
  return result(await builtResult(services, outcome, commit))
}

const asProblem = ({ kind, problem }: { kind: string; problem: string }): Problem => ({
  kind: 'problem',
  problem,
  ...(kind === 'no-such-commit' ? { absent: true } : { unreachable: true }),
})

async function defaultBranch(mirrors: Mirrors, repository: string): Promise<string | Problem> {
  const head = await mirrors.resolve({ repository })
  if (head.kind === 'problem') return head
  return head.branch ?? { kind: 'problem', problem: `${repository} does not name its default branch: name a branch` }
}

type PartialResult = Pick<RefChangeResult, 'outcome'> & Partial<RefChangeResult>

const resultFor =
  (project: string, ref: string | null) =>
  (result: PartialResult): RefChangeResult => ({
    ...{ project, ref, why: null, commit: null, buildId: null, created: false },
    ...result,
  })

/** A later try helps if the repository does not answer, or does not have the commit yet. */
export function failed({ problem, absent, unreachable }: Problem): PartialResult {
  if (absent) return { outcome: 'retrying', why: problem, absent: true }
  return { outcome: unreachable ? 'retrying' : 'failed', why: problem }
}

/** If the farm made the build before and its sources failed, a repeated delivery prepares them again. */
export async function builtResult(
  { farm }: Pick<Services, 'farm'>,
  outcome: RequestOutcome,
  commit: string,
): Promise<PartialResult> {
  switch (outcome.kind) {
    case 'built':
      return { outcome: 'built', commit, buildId: outcome.buildId, created: outcome.created }
    case 'repeated':
      if (outcome.buildId === null) return { outcome: 'ignored', why: 'the farm did not build it before', commit }
      await farm.builds.reopenSources(outcome.buildId)
      return { outcome: 'built', commit, buildId: outcome.buildId }
    case 'branch-not-built':
      return { outcome: 'ignored', why: `it builds only the branches ${outcome.branches.join(', ')}`, commit }
    case 'tag-not-built':
      return { outcome: 'ignored', why: `it builds only the tags ${outcome.tags.join(', ')}`, commit }
    case 'no-such-cell':
      return { outcome: 'ignored', why: 'no cell matches', commit }
    case 'unknown-project':
      return { outcome: 'failed', why: 'the project is not in farm.yaml any more' }
  }
}

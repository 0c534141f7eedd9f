import { isGit, type Mirrors, type Problem, uploadName } from '@rumpfarm/connectors'
import { cut, hideSecrets, type ProjectConfig } from '@rumpfarm/contracts'
import type { BuildView, Farm, PreparedSource } from '@rumpfarm/farm'
import { whyNotOwn } from '../../trigger/own-commit.ts'
import { type SourceToPrepare, wantedTarball } from '../../wanted-tarball.ts'
import type { Task, TaskServices } from '../task.ts'
import { commitToBuild } from './pull-request-commit.ts'

type Prepared = { kind: 'source'; source: PreparedSource } | Problem

/**
 * Fetches a build's commits into the mirrors and makes the tarballs, before a host can claim a job of the build. So no
 * host waits for a forge that does not answer, or for a missing commit. Then requests a read of the project's branches.
 * If a repository does not answer, or does not have the commit yet, the farm tries again later.
 */
export const prepareSources: Task<{ buildId: number }> = async (services, { buildId }) => {
  const { farm, mirrors, requests } = services
  const [build, projects] = await Promise.all([farm.builds.find(buildId), farm.projects.configs()])
  if (build?.sources !== 'pending') return
  const sources = await prepareBuild(farm, mirrors, build, projects)
  requests.readBranches(build.project)
  // The task read-branches reads the commits of the first source.
  for (const source of sources.slice(1)) await readCommits(services, source)
}

/** Reads the commits of a further source, so that pages can show its changes. The build does not need them. */
async function readCommits(
  { farm, mirrors, log }: TaskServices,
  { repository, commit, tarball }: PreparedSource,
): Promise<void> {
  if (tarball || !isGit(repository)) return
  if (await farm.commits.isKnown(repository, commit)) return
  const history = await mirrors.historyOf({ repository, commit })
  if (history.kind === 'history') return farm.commits.store(repository, history.commits)
  log.warn(
    { repository: hideSecrets(repository), commit, problem: history.problem },
    'the commits of a source cannot be read',
  )
}

/** Returns the prepared sources; an empty list if the farm could not prepare them. */
async function prepareBuild(
  farm: Farm,
  mirrors: Mirrors,
  build: BuildView,
  projects: Map<string, ProjectConfig>,
): Promise<PreparedSource[]> {
  const fail = async ({ problem, absent, unreachable, storageAway, conflictsWith }: Omit<Problem, 'kind'>) => {
    const later = { problem, absent: absent === true, storageAway: storageAway === true }
    if (absent || unreachable || storageAway) await farm.builds.postponeSources(build.id, later)
    else await farm.builds.markSourcesFailed(build.id, problem, { conflictsWith })
    return []
  }
  const project = projects.get(build.project)
  if (!project) return fail({ problem: `project ${build.project} is no longer in farm.yaml` })
  // A fork could name any repository that the farm can read, and its steps could then publish the files.
  if (build.fork && (project.submodules || project.lfs))
    return fail({
      problem:
        'the farm fetches no submodules and no files of git LFS for code from a fork: build it without these keys',
    })
  const built = await commitToBuild(farm, mirrors, build, project)
  if (built.kind === 'problem') return fail(built)
  const known = await resolveLate(farm, mirrors, build, project)
  if ('problem' in known) return fail(known)
  const first = await prepare(mirrors, firstSource(project, built, await farm.tries.ofBuild(build.id)))
  if (first.kind === 'problem') return fail(first)
  const sources = [first.source]
  for (const further of project.sources) {
    const prepared = await prepareFurther(mirrors, first.source, further)
    if (prepared.kind === 'problem')
      return fail({ ...prepared, problem: `source ${further.name}: ${prepared.problem}` })
    sources.push(prepared.source)
  }
  await farm.builds.markSourcesReady(build.id, { sources, ...known })
  return sources
}

/**
 * Finds out what git could not say when the build was requested: who wrote the commit, and whether a branch or a tag has
 * it. A build without a subject was requested while the repository did not answer. Pull requests and tries have no
 * subject too, but they have rules of their own.
 */
async function resolveLate(
  farm: Farm,
  mirrors: Mirrors,
  { subject, commit, kind, branch, tag }: BuildView,
  project: ProjectConfig,
): Promise<{ subject?: string; author?: string } | Problem> {
  if (subject !== null || kind === 'try') return {}
  const known = await mirrors.resolve({ repository: project.repository, ref: commit })
  if (kind === 'pull-request') return known.kind === 'commit' ? { subject: known.subject, author: known.author } : {}
  if (known.kind === 'problem') return known
  const ref = tag !== null ? `refs/tags/${tag}` : branch === null ? undefined : `refs/heads/${branch}`
  const foreign = await whyNotOwn({ farm, mirrors }, project, { commit, ref })
  if (foreign) return { kind: 'problem', problem: foreign.problem, ...(foreign.kind === 'problem' ? foreign : {}) }
  return { subject: known.subject, author: known.author }
}

/** The first source of a try is the uploaded tree. The person's program has applied `path` and `leave-out`. */
const firstSource = (
  project: ProjectConfig,
  { commit, merged }: Pick<SourceToPrepare, 'commit' | 'merged'>,
  tryId: string | undefined,
): SourceToPrepare => ({
  name: project.name,
  commit,
  ...(tryId === undefined
    ? {
        repository: project.repository,
        path: project.path ?? null,
        leaveOut: project.leaveOut,
        ...contentsOf(project),
      }
    : { repository: uploadName(tryId), path: null, leaveOut: [] }),
  ...(merged ? { merged } : {}),
})

/** The keys of farm.yaml that change the content of a tarball. */
const contentsOf = ({ submodules, lfs }: { submodules?: boolean; lfs?: boolean }) => ({
  ...(submodules ? { submodules } : {}),
  ...(lfs ? { lfs } : {}),
})

async function prepareFurther(
  mirrors: Mirrors,
  first: PreparedSource,
  further: ProjectConfig['sources'][number],
): Promise<Prepared> {
  const { name, repository, leaveOut, tarball, module } = further
  const same = { name, repository, path: null, leaveOut, ...contentsOf(further), ...(module ? { module } : {}) }
  if (tarball) {
    const { sha256, ...strip } = tarball
    return prepare(mirrors, { ...same, commit: sha256, tarball: strip })
  }
  const commit = await commitOf(mirrors, first, further)
  if (commit.kind === 'problem') return commit
  return prepare(mirrors, { ...same, commit: commit.commit })
}

/**
 * Finds the commit of a further source. The recipe names the commit, a file of the first source that contains the
 * commit, or a branch.
 */
async function commitOf(
  mirrors: Mirrors,
  first: PreparedSource,
  further: ProjectConfig['sources'][number],
): Promise<{ kind: 'commit'; commit: string } | Problem> {
  if (further.commitFrom === undefined) {
    const { repository, commit, branch, module } = further
    return mirrors.resolve({ repository, ref: commit ?? branch, module })
  }
  const path = first.path === null ? further.commitFrom : `${first.path}/${further.commitFrom}`
  const file = await mirrors.readFile({ repository: first.repository, commit: first.commit, path })
  if ('problem' in file) return file
  const ref = file.text.trim()
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref)) return { kind: 'commit', commit: ref }
  return {
    kind: 'problem',
    problem: `${further.commitFrom} must contain a full commit, but it begins with ${JSON.stringify(cut(ref, 60))}`,
  }
}

async function prepare(mirrors: Mirrors, wanted: SourceToPrepare): Promise<Prepared> {
  const tarball = await mirrors.tarball(wantedTarball(wanted))
  if ('problem' in tarball) return tarball
  const { bytes, crc, sha256, md5 } = tarball
  return { kind: 'source', source: { ...wanted, bytes, crc: String(crc), sha256, md5 } }
}

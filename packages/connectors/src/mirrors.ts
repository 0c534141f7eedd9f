import { join } from 'node:path'
import { addressProblem } from './git/addresses.ts'
import { explain } from './git/advice.ts'
import type { ChangedFilesAnswer } from './git/changed-files.ts'
import type { LinesAnswer, RangeAnswer, RangeEnds } from './git/commit-range.ts'
import type { Environment } from './git/environment.ts'
import type { History } from './git/first-parent-history.ts'
import { type Git, openGit } from './git/git.ts'
import { defaultGitLimits, type GitLimits } from './git/git-runner.ts'
import type { Merge, WantedMerge } from './git/merge.ts'
import type { OnRefs } from './git/on-refs.ts'
import type { PullRequestHead, PullRequestPlace } from './git/pull-request.ts'
import { listRefs, type Problem, type RemoteRefs } from './git/remote.ts'
import { openTarballs } from './git/tarballs.ts'
import { makeGuard } from './notifiers/guard.ts'
import {
  type FileAnswer,
  type HistoryAnswer,
  type Log,
  Repositories,
  type Resolved,
  type TarballAnswer,
} from './repositories.ts'
import type { SharedFiles } from './shared-files.ts'
import type { SourceOptions, WantedTarball } from './wanted-tarball.ts'

export type { FileAnswer, HistoryAnswer, RangeAnswer, Resolved, SourceOptions, TarballAnswer, WantedTarball }

export interface MirrorsOptions {
  /** The directory for mirrors and tarballs. Several servers of one farm can share it. */
  directory: string
  /** The environment for git: PATH, HOME, proxies, GIT_CONFIG_* … */
  environment: Environment
  /** The largest size of the cache of tarballs; by default 4 GB. */
  tarballBytesMax?: number
  /** The tarballs of all servers, if the servers do not share `directory`. */
  shared?: SharedFiles | undefined
  limits?: Partial<GitLimits>
  /** Whether the farm may fetch pull requests from forks with private addresses. */
  allowPrivate?: boolean
  log?: Log
}

/** Every failure is a value with a message that says what to do. A thrown error is a defect. */
export interface Mirrors {
  /**
   * Finds the commit of a branch, of a tag, or of a full or abbreviated commit name. Without a ref, finds the newest
   * commit of the default branch. The address can begin with `hg+` or `cvs+`; CVS needs a module too. Each call sends a request to the repository, unless the ref is a full commit name and
   * the mirror already has this commit. After the call, the mirror has the commit.
   */
  resolve: (wanted: { repository: string; ref?: string | undefined; module?: string | undefined }) => Promise<Resolved>
  /**
   * The branches of a repository, and its tags if wanted, with one request (git ls-remote). Nothing is fetched. The
   * request may take up to `listSeconds` (60 s).
   */
  listRefs: (wanted: { repository: string; tags: boolean }) => Promise<RemoteRefs | Problem>
  /**
   * Whether the branch or tag `ref` (a full name) has this full commit; without `ref`, whether any branch or tag has
   * it. If the commit is the newest one of the ref, this is one request (git ls-remote). A commit that is not among the
   * newest 200 makes the farm fetch all commits, without their files.
   */
  onRefs: (wanted: { repository: string; commit: string; ref?: string | undefined }) => Promise<OnRefs | Problem>
  /** The tar.gz of a full commit, at most 999,999,999 bytes. If necessary, the commit is fetched and packed. */
  tarball: (wanted: WantedTarball) => Promise<TarballAnswer>
  /** A text file of a full commit, at most 64 KiB. */
  readFile: (wanted: { repository: string; commit: string; path: string }) => Promise<FileAnswer>
  /** Reads the newest 200 commits of a branch from the repository, along the first parents. */
  history: (wanted: { repository: string; branch: string }) => Promise<HistoryAnswer>
  /** Reads a full commit and the 199 commits before it from the repository, along the first parents. */
  historyOf: (wanted: { repository: string; commit: string }) => Promise<History | Problem>
  /**
   * Reads the commits between two commits of a branch along the first parents, with the files that they change. Both
   * commits must be among the newest 200 of the branch.
   */
  range: (wanted: { repository: string } & RangeEnds) => Promise<RangeAnswer>
  /** The changed lines between two full commits that the farm has already fetched for builds. */
  changedLines: (wanted: { repository: string; before: string; after: string }) => Promise<LinesAnswer | Problem>
  /**
   * The newest commit of a pull request, read with git: from the configured repository or, if it has no ref for the
   * request, from the repository of the fork.
   */
  pullRequestHead: (wanted: { repository: string; place: PullRequestPlace }) => Promise<PullRequestHead | Problem>
  /** After the call, the mirror has this commit of a pull request. */
  fetchPullRequest: (wanted: {
    repository: string
    place: PullRequestPlace
    commit: string
  }) => Promise<{ kind: 'fetched' } | Problem>
  /** Merges a commit of a pull request into its base branch. After the call, the mirror has the merge. */
  mergePullRequest: (wanted: { repository: string } & WantedMerge) => Promise<Merge | Problem>
  /** The files that are different in two full commits. Unknown if the repository no longer has one of them. */
  changedFiles: (wanted: { repository: string; before: string; after: string }) => Promise<ChangedFilesAnswer | Problem>
  /** Kills all running git processes. Requests that wait for git receive a problem. */
  close: () => void
}

/** The farm's copies of the repositories that it builds. */
export function openMirrors(options: MirrorsOptions): Mirrors {
  const git = openGit(options.environment, { ...defaultGitLimits, ...options.limits })
  // Tarballs that this server made before it shared them can have other bytes than those of another server.
  const folder = options.shared ? 'shared-tarballs' : 'tarballs'
  const bytesMax = options.tarballBytesMax ?? 4_000_000_000
  const tarballs = openTarballs(join(options.directory, folder), bytesMax, options.shared)
  const repositories = new Repositories(
    git,
    tarballs,
    join(options.directory, 'mirrors'),
    options.log ?? (() => undefined),
  )
  const guard = makeGuard({ allowPrivate: options.allowPrivate ?? false })
  return {
    resolve: ({ repository, ref, module }) => asValue(repositories.resolveAny(repository, ref, module)),
    listRefs: ({ repository, tags }) => asValue(listBranches(git, repository, tags)),
    onRefs: ({ repository, commit, ref }) =>
      asValue(repositories.answer(repository, mirror => repositories.onRefs(mirror, { commit, ref }))),
    tarball: wanted => asValue(repositories.tarball(wanted)),
    readFile: ({ repository, commit, path }) =>
      asValue(repositories.answer(repository, mirror => repositories.readFile(mirror, commit, path))),
    history: ({ repository, branch }) =>
      asValue(repositories.answer(repository, mirror => repositories.history(mirror, branch))),
    historyOf: ({ repository, commit }) =>
      asValue(repositories.answer(repository, mirror => repositories.historyOf(mirror, commit))),
    range: ({ repository, ...ends }) =>
      asValue(repositories.answer(repository, mirror => repositories.range(mirror, ends))),
    changedLines: ({ repository, ...ends }) =>
      asValue(repositories.answer(repository, mirror => repositories.changedLines(mirror, ends))),
    pullRequestHead: ({ repository, place }) =>
      asValue(repositories.answer(repository, mirror => repositories.pullRequestHead(mirror, place, guard))),
    fetchPullRequest: ({ repository, ...wanted }) =>
      asValue(repositories.answer(repository, mirror => repositories.fetchPullRequest(mirror, wanted, guard))),
    mergePullRequest: ({ repository, ...wanted }) =>
      asValue(repositories.answer(repository, mirror => repositories.mergePullRequest(mirror, wanted, guard))),
    changedFiles: ({ repository, ...ends }) =>
      asValue(repositories.answer(repository, mirror => repositories.changedFiles(mirror, ends))),
    close: () => git.close(),
  }
}

async function listBranches(git: Git, repository: string, tags: boolean): Promise<RemoteRefs | Problem> {
  const wrong = addressProblem(repository)
  if (wrong) return { kind: 'problem', problem: wrong }
  return listRefs(git, repository, ['refs/heads/*', ...(tags ? ['refs/tags/*'] : [])])
}

/** Turns the error of a full or read-only disk into a value. Any other thrown error is a defect. */
async function asValue<Answer>(answer: Promise<Answer>): Promise<Answer | Problem> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      return { kind: 'problem', problem: explain("the farm's own directory", error.message) }
    throw error
  }
}

import { join } from 'node:path'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import { addressProblem, isFullCommit, isInnerPath, isRefName, isShortCommit } from './git/addresses.ts'
import { explain } from './git/advice.ts'
import { type Archived, expectedFailure, type TarballContent, writeArchive, writeTarball } from './git/archive.ts'
import { type ChangedFilesAnswer, listChangedFiles } from './git/changed-files.ts'
import { type LinesAnswer, type RangeAnswer, type RangeEnds, readChangedLines, readRange } from './git/commit-range.ts'
import {
  type BranchHistory,
  type History,
  type NoBranch,
  readHistory,
  readHistoryOf,
} from './git/first-parent-history.ts'
import type { Git } from './git/git.ts'
import { type Merge, mergePullRequest, type WantedMerge } from './git/merge.ts'
import {
  type Commit,
  collectGarbage,
  fetchOne,
  fetchWhole,
  findCommit,
  hasFetchedCommit,
  type Mirror,
  matchObjectFormat,
  openMirror,
  readBlob,
} from './git/mirror.ts'
import { findOnRefs, type OnRefs } from './git/on-refs.ts'
import { fetchHead, type PullRequestHead, type PullRequestPlace, readHead } from './git/pull-request.ts'
import { branchOf, namesOf, tagOf } from './git/ref-names.ts'
import { explainMissingHead, listRefs, type Problem } from './git/remote.ts'
import { SharedFetches } from './git/shared-fetches.ts'
import { writeTar } from './git/tar-stream.ts'
import { limited } from './git/tarball-limit.ts'
import { type Tarball, type Tarballs, tarballKey } from './git/tarballs.ts'
import type { Guard } from './notifiers/guard.ts'
import { Composer, needsComposition } from './sources/compose.ts'
import { Cvs } from './sources/cvs.ts'
import { kindOf } from './sources/kinds.ts'
import { Mercurial } from './sources/mercurial.ts'
import { tarballSource } from './sources/tarball-source.ts'
import { contentProblem, definedOf, type SourceOptions, type WantedTarball } from './wanted-tarball.ts'

export type Resolved = ({ kind: 'commit'; branch?: string; tag?: string } & Commit) | Problem
export type TarballAnswer = ({ kind: 'tarball' } & Tarball) | Problem
export type HistoryAnswer = BranchHistory | NoBranch | Problem
export type FileAnswer = { kind: 'file'; text: string } | Problem

export type Log = (event: 'fetched' | 'tarball-made' | 'problem', fields: Record<string, unknown>) => void

const fileBytesMax = 65_536
const commitsKeptMax = 1000
const fetchesPerCollection = 50

/** The repositories with their mirrors and their running requests. */
export class Repositories {
  readonly #git: Git
  readonly #tarballs: Tarballs
  readonly #directory: string
  readonly #log: Log
  readonly #mirrors = new Map<string, Promise<Mirror | Problem>>()
  /** The last fetch in the queue of each mirror. */
  readonly #queues = new Map<string, Promise<unknown>>()
  readonly #fetching = new SharedFetches()
  /**
   * The commits that are already in a mirror. The key consists of the mirror's directory and the commit's full name. A
   * full name always means the same commit.
   */
  readonly #commits = new Map<string, Commit>()
  readonly #downloads: string
  readonly #composer: Composer
  readonly #mercurial: Mercurial
  readonly #cvs: Cvs
  #fetches = 0

  constructor(git: Git, tarballs: Tarballs, directory: string, log: Log, downloads = join(directory, '../downloads')) {
    this.#git = git
    this.#tarballs = tarballs
    this.#directory = directory
    this.#log = log
    this.#downloads = downloads
    this.#composer = new Composer(
      git,
      {
        open: repository => this.#mirror(repository),
        fetch: (mirror, commit) => this.#fetchUnlessPresent(mirror, commit),
      },
      join(downloads, 'lfs'),
    )
    this.#mercurial = new Mercurial(git, directory)
    this.#cvs = new Cvs(git, directory)
  }

  /** Runs `ask` with the repository's mirror, and logs a problem. */
  async answer<Answer extends { kind: string }>(
    repository: string,
    ask: (mirror: Mirror) => Promise<Answer | Problem>,
  ): Promise<Answer | Problem> {
    const mirror = await this.#mirror(repository)
    const answer = 'problem' in mirror ? mirror : await ask(mirror)
    if ('problem' in answer) this.#log('problem', { repository: hideSecrets(repository), problem: answer.problem })
    return answer
  }

  async resolve(mirror: Mirror, ref: string | undefined): Promise<Resolved> {
    if (ref === 'HEAD') return this.resolve(mirror, undefined)
    if (ref !== undefined && isFullCommit(ref)) return asResolved(await this.#commit(mirror, ref))
    if (ref !== undefined && !isRefName(ref))
      return problem(`"${cut(ref, 100)}" is not a name of a branch, a tag or a commit`)
    const names = ref === undefined ? [] : namesOf(ref)
    const refs = await listRefs(this.#git, mirror.repository, names)
    if (refs.kind === 'problem') return refs
    const tip = ref === undefined ? refs.head : names.map(name => refs.commits.get(name)).find(Boolean)
    if (tip) {
      const branch = ref === undefined ? refs.defaultBranch : branchOf(refs, ref)
      return asResolved(await this.#commit(mirror, tip), { branch, tag: branch === undefined ? tagOf(ref) : undefined })
    }
    if (ref === undefined) return explainMissingHead(this.#git, mirror.repository)
    if (!isShortCommit(ref)) return this.#missing(mirror, `branch, tag or commit ${ref}`)
    return (refs.head && (await this.#matchFormat(mirror, refs.head))) || this.#resolveShort(mirror, ref)
  }

  /** Finds a commit in a repository of any kind. */
  async resolveAny(repository: string, ref: string | undefined, module: string | undefined): Promise<Resolved> {
    const kind = kindOf(repository)
    if (kind === 'git') return this.answer(repository, mirror => this.resolve(mirror, ref))
    const found = await (kind === 'hg'
      ? this.#mercurial.resolve(repository, ref)
      : this.#cvs.resolve({ repository, module: module ?? '' }, ref))
    if ('problem' in found) this.#log('problem', { repository: hideSecrets(repository), problem: found.problem })
    return found
  }

  async tarball(wanted: WantedTarball): Promise<TarballAnswer> {
    const { repository, submodules, lfs, tarball, module, ...content } = wanted
    const wrong = contentProblem(content)
    if (wrong) return problem(wrong)
    const key = tarballKey(repository, content, definedOf({ submodules, lfs, tarball, module }))
    const made = await this.#tarballs.get(key, async file => {
      const startedAt = performance.now()
      const archived = await this.#make(wanted, content, file)
      if (archived.kind === 'failed') return archived
      const { bytes } = archived.sums
      const ms = Math.round(performance.now() - startedAt)
      this.#log('tarball-made', { repository: hideSecrets(repository), key, bytes, ms })
      return archived
    })
    return made.kind === 'failed' ? (made.problem ?? problem(made.message)) : made
  }

  async #make(wanted: WantedTarball, content: TarballContent, file: string): Promise<Archived> {
    try {
      const archived = await this.#makeKind(wanted, content, file)
      return archived.kind === 'problem' ? { kind: 'failed', message: archived.problem, problem: archived } : archived
    } catch (error) {
      const failed = expectedFailure(error)
      if (failed) return failed
      throw error
    }
  }

  async #makeKind(wanted: WantedTarball, content: TarballContent, file: string): Promise<Archived | Problem> {
    const { repository, tarball, module = '' } = wanted
    const { commit, leaveOut } = content
    if (tarball) {
      const source = { url: repository, sha256: commit, strip: tarball.strip, leaveOut }
      return limited(await writeTarball(await tarballSource(join(this.#downloads, 'tarballs'), source), file))
    }
    const kind = kindOf(repository)
    if (kind === 'hg') return limited(await writeTarball(this.#mercurial.tar(repository, commit, leaveOut), file))
    if (kind === 'cvs') return this.#archiveState({ repository, module }, content, file)
    return this.answer(repository, mirror =>
      needsComposition(wanted) ? this.#compose(mirror, wanted, content, file) : this.#archive(mirror, content, file),
    )
  }

  async #archiveState(wanted: { repository: string; module: string }, content: TarballContent, file: string) {
    const mirror = await this.#cvs.mirror(wanted)
    if ('problem' in mirror) return mirror
    if (!(await findCommit(this.#git, mirror, content.commit)))
      return problem(`the farm no longer has this state of ${hideSecrets(wanted.repository)}: trigger the build again`)
    return limited(await writeArchive(this.#git, mirror, content, file))
  }

  async #compose(mirror: Mirror, { submodules, lfs }: SourceOptions, content: TarballContent, file: string) {
    const commit = await this.#commit(mirror, content.commit)
    if ('problem' in commit) return commit
    const composition = { ...content, submodules: submodules === true, lfs: lfs === true }
    return limited(await writeTarball(writeTar(await this.#composer.members(mirror, composition)), file))
  }

  async readFile(mirror: Mirror, commit: string, path: string): Promise<FileAnswer> {
    if (!isFullCommit(commit) || !isInnerPath(path))
      return problem(`"${commit}:${path}" is not a file of a full commit`)
    const found = await this.#commit(mirror, commit)
    if ('problem' in found) return found
    const label = `${hideSecrets(mirror.repository)} at ${commit.slice(0, 12)}`
    const read = await readBlob(this.#git, mirror, commit, path)
    if (read.kind === 'absent') return problem(`${label} has no file ${path}`)
    if (read.content.length > fileBytesMax)
      return problem(`${path} of ${label} has ${read.content.length} bytes, more than ${fileBytesMax}`)
    return { kind: 'file', text: read.content.toString('utf8') }
  }

  async history(mirror: Mirror, branch: string): Promise<HistoryAnswer> {
    if (!isRefName(branch)) return problem(`"${cut(branch, 100)}" is not a name of a branch`)
    return this.#inQueue(mirror, () => readHistory(this.#git, mirror, branch))
  }

  async historyOf(mirror: Mirror, commit: string): Promise<History | Problem> {
    if (!isFullCommit(commit)) return problem(`"${cut(commit, 100)}" is not a full commit`)
    return this.#inQueue(mirror, () => readHistoryOf(this.#git, mirror, commit))
  }

  async range(mirror: Mirror, ends: RangeEnds): Promise<RangeAnswer> {
    const isValid = isRefName(ends.branch) && isFullCommit(ends.good) && isFullCommit(ends.bad)
    if (!isValid) return problem(`"${cut(ends.branch, 100)}" is not a branch, or its ends are not full commits`)
    return this.#inQueue(mirror, () => readRange(this.#git, mirror, ends))
  }

  async changedLines(mirror: Mirror, ends: { before: string; after: string }): Promise<LinesAnswer> {
    if (!isFullCommit(ends.before) || !isFullCommit(ends.after)) return { kind: 'unknown' }
    return this.#inQueue(mirror, () => readChangedLines(this.#git, mirror, ends))
  }

  /** Whether a branch or a tag has the commit. */
  async onRefs(mirror: Mirror, wanted: { commit: string; ref: string | undefined }): Promise<OnRefs | Problem> {
    if (!isFullCommit(wanted.commit) || (wanted.ref !== undefined && !isRefName(wanted.ref)))
      return problem(`"${cut(wanted.ref ?? wanted.commit, 100)}" is not a name of a ref, or not a full commit`)
    return findOnRefs(this.#git, mirror, wanted, run => this.#inQueue(mirror, run))
  }

  pullRequestHead(mirror: Mirror, place: PullRequestPlace, guard: Guard): Promise<PullRequestHead | Problem> {
    return readHead(this.#git, mirror, place, guard)
  }

  /** Makes sure that the mirror has the newest commit of a pull request. */
  async fetchPullRequest(
    mirror: Mirror,
    wanted: { place: PullRequestPlace; commit: string },
    guard: Guard,
  ): Promise<{ kind: 'fetched' } | Problem> {
    const wrong = await this.#inQueue(mirror, () => fetchHead(this.#git, mirror, wanted, guard))
    return wrong ?? { kind: 'fetched' }
  }

  mergePullRequest(mirror: Mirror, wanted: WantedMerge, guard: Guard): Promise<Merge | Problem> {
    return this.#inQueue(mirror, () => mergePullRequest(this.#git, mirror, wanted, guard))
  }

  /** Fetches the commits that the mirror does not have. */
  async changedFiles(mirror: Mirror, ends: { before: string; after: string }): Promise<ChangedFilesAnswer | Problem> {
    const { before, after } = ends
    if (!isFullCommit(before) || !isFullCommit(after)) return { kind: 'unknown' }
    for (const commit of [after, before]) {
      const found = await this.#commit(mirror, commit)
      if ('problem' in found) return found.absent ? { kind: 'unknown' } : found
    }
    return listChangedFiles(this.#git, mirror, ends)
  }

  async #mirror(repository: string): Promise<Mirror | Problem> {
    const wrong = addressProblem(repository)
    if (wrong) return { kind: 'problem', problem: wrong }
    const opening = this.#mirrors.get(repository) ?? openMirror(this.#git, this.#directory, repository)
    this.#mirrors.set(repository, opening)
    const forget = () => this.#mirrors.delete(repository)
    opening.then(mirror => 'problem' in mirror && forget(), forget)
    return opening
  }

  /** The commit with its subject and author. If the mirror does not have the commit, the farm fetches the commit. */
  async #commit(mirror: Mirror, commit: string): Promise<Commit | Problem> {
    const key = keyOf(mirror, commit)
    const known = this.#commits.get(key)
    if (known) return known
    const failure = await this.#fetchUnlessPresent(mirror, commit)
    const found =
      failure ?? (await findCommit(this.#git, mirror, commit)) ?? (await this.#missing(mirror, `commit ${commit}`))
    if (!('problem' in found)) this.#remember(key, found)
    return found
  }

  /** Makes sure that the mirror has the commit. Simultaneous callers with the same commit share one fetch. */
  async #fetchUnlessPresent(mirror: Mirror, commit: string): Promise<Problem | undefined> {
    const key = keyOf(mirror, commit)
    if (this.#commits.has(key)) return undefined
    return this.#fetching.run(key, () => this.#fetch(mirror, commit))
  }

  /**
   * If the farm already fetched the commit by its name, does nothing. Otherwise fetches the commit, and does not search
   * the mirror first, because a search would start one more process between a push and its jobs. If an earlier fetch of
   * whole branches brought the commit, git transfers nothing. If the fetch fails, this function searches the mirror for
   * the commit.
   */
  async #fetch(mirror: Mirror, commit: string): Promise<Problem | undefined> {
    const failure = await this.#matchFormat(mirror, commit)
    if (failure) return failure
    if (hasFetchedCommit(mirror, commit) && (await findCommit(this.#git, mirror, commit))) return undefined
    const startedAt = performance.now()
    const fetched = await this.#inQueue(mirror, () => fetchOne(this.#git, mirror, commit))
    if (fetched.kind !== 'fetched') {
      if (await findCommit(this.#git, mirror, commit)) return undefined
      return fetched.kind === 'problem' ? fetched : this.#missing(mirror, `commit ${commit}`)
    }
    const ms = Math.round(performance.now() - startedAt)
    this.#log('fetched', { repository: hideSecrets(mirror.repository), commit, ms })
    return undefined
  }

  async #resolveShort(mirror: Mirror, short: string): Promise<Resolved> {
    const before = await findCommit(this.#git, mirror, short)
    if (before) return asResolved(before)
    const fetched = await this.#inQueue(mirror, () => fetchWhole(this.#git, mirror))
    if (fetched.kind === 'problem') return fetched
    const after = await findCommit(this.#git, mirror, short)
    return after ? asResolved(after) : this.#missing(mirror, `branch, tag or commit ${short}`)
  }

  /**
   * If the repository is remote, fetches the commit before git packs the tarball. If the repository is local, git packs
   * the tarball at once. If git then fails, this function checks whether the commit is missing.
   */
  async #archive(mirror: Mirror, content: TarballContent, file: string) {
    const absent = await (mirror.usesAlternates
      ? this.#matchFormat(mirror, content.commit)
      : this.#fetchUnlessPresent(mirror, content.commit))
    if (absent) return absent
    const archived = await writeArchive(this.#git, mirror, content, file)
    if (archived.kind === 'failed') {
      const missing = await this.#fetchUnlessPresent(mirror, content.commit)
      if (missing) return missing
      const label = `${hideSecrets(mirror.repository)} at ${content.commit.slice(0, 12)}`
      return problem(explain(`cannot pack ${content.path ? `${content.path} of ` : ''}${label}`, archived.message))
    }
    return limited(archived)
  }

  /** Runs one fetch per mirror at a time. */
  #inQueue<Result>(mirror: Mirror, run: () => Promise<Result>): Promise<Result> {
    const before = this.#queues.get(mirror.directory) ?? Promise.resolve()
    const mine = before.then(run)
    const tail = mine.then(() => this.#collectGarbageSometimes(mirror))
    this.#queues.set(
      mirror.directory,
      tail.catch(() => undefined),
    )
    return mine
  }

  async #collectGarbageSometimes(mirror: Mirror): Promise<void> {
    this.#fetches += 1
    if (this.#fetches % fetchesPerCollection === 0) await collectGarbage(this.#git, mirror)
  }

  #remember(key: string, commit: Commit): void {
    if (this.#commits.size >= commitsKeptMax) this.#commits.clear()
    this.#commits.set(key, commit)
  }

  /** Makes sure that the mirror uses the hash algorithm of this commit's name, and so can store the commit. */
  async #matchFormat(mirror: Mirror, commit: string): Promise<Problem | undefined> {
    const matched = await matchObjectFormat(this.#git, mirror, commit)
    if (matched === 'created') this.#commits.clear()
    return typeof matched === 'string' ? undefined : matched
  }

  /**
   * The problem "X has no commit Y; newest of main is Z". The part after the semicolon is present only if the
   * repository still answers.
   */
  async #missing({ repository }: Mirror, what: string): Promise<Problem> {
    const refs = await listRefs(this.#git, repository, [])
    const newest =
      refs.kind === 'refs' && refs.head ? `; newest of ${refs.defaultBranch ?? 'HEAD'} is ${refs.head}` : ''
    const answers =
      refs.kind === 'refs' ? ({ absent: true } as const) : refs.unreachable ? ({ unreachable: true } as const) : {}
    return { ...problem(`${hideSecrets(repository)} has no ${what}${newest}`), ...answers }
  }
}

const problem = (text: string): Problem => ({ kind: 'problem', problem: text })

const keyOf = (mirror: Mirror, commit: string) => `${mirror.directory} ${commit}`

const asResolved = (
  commit: Commit | Problem,
  { branch, tag }: { branch?: string | undefined; tag?: string | undefined } = {},
): Resolved =>
  'problem' in commit
    ? commit
    : {
        kind: 'commit',
        ...commit,
        ...(branch === undefined ? {} : { branch }),
        ...(tag === undefined ? {} : { tag }),
      }

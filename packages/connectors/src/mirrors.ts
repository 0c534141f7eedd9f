import { join } from 'node:path'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import { addressProblem, isFullCommit, isInnerPath, isRefName, isShortCommit } from './git/addresses.ts'
import { explain } from './git/advice.ts'
import { type TarballContent, writeArchive } from './git/archive.ts'
import { defaultGitLimits, type Git, type GitLimits, openGit } from './git/context.ts'
import type { Environment } from './git/environment.ts'
import { type Line, type NoBranch, readLine } from './git/line.ts'
import {
  bringAll,
  bringCommit,
  type Commit,
  lookUp,
  type Mirror,
  openMirror,
  readBlob,
  refit,
  tidy,
  wasFetched,
} from './git/mirror.ts'
import { lookAtRemote, noHead, type Problem, type RemoteRefs } from './git/remote.ts'
import { openTarballs, type Tarball, type Tarballs, tarballKey } from './git/tarballs.ts'

export interface MirrorsOptions {
  /** Mirrors and tarballs live below it; several servers of one farm may share it. */
  directory: string
  /** What git inherits: PATH, HOME, proxies, GIT_CONFIG_* …: process.env, as config.ts read it. */
  environment: Environment
  /** How many bytes of tarballs are kept; default 4 GB. */
  tarballBytesMax?: number
  limits?: Partial<GitLimits>
  log?: (event: 'mirror-made' | 'fetched' | 'tarball-made' | 'problem', fields: Record<string, unknown>) => void
}

export type Resolved = ({ kind: 'commit'; branch?: string } & Commit) | Problem
export type TarballAnswer = ({ kind: 'tarball' } & Tarball) | Problem
export type LineAnswer = Line | NoBranch | Problem
export type FileAnswer = { kind: 'file'; text: string } | Problem

export interface Mirrors {
  /**
   * The commit that a branch, a tag, a full or an abbreviated commit stands for, or the default branch's newest. Names are
   * asked of the repository each time; a full commit that the mirror has costs no look at the network. Afterwards the
   * mirror has it.
   */
  resolve: (wanted: { repository: string; ref?: string | undefined }) => Promise<Resolved>
  /** The tar.gz of a full commit, fetched and made when it is not there. At most 999,999,999 bytes. */
  tarball: (wanted: { repository: string } & TarballContent) => Promise<TarballAnswer>
  /** A text file (at most 64 KB) of a full commit. */
  readFile: (wanted: { repository: string; commit: string; path: string }) => Promise<FileAnswer>
  /** A branch's first-parent line, as the repository has it now: its newest 200 commits. */
  line: (wanted: { repository: string; branch: string }) => Promise<LineAnswer>
  /** Ends every git that runs; what waits for one gets a problem. */
  close: () => void
}

/** The farm's own copies of the repositories it builds. Every failure is a value that says what to do next. */
export function openMirrors(options: MirrorsOptions): Mirrors {
  const git = openGit(options.environment, { ...defaultGitLimits, ...options.limits })
  const tarballs = openTarballs(join(options.directory, 'tarballs'), options.tarballBytesMax ?? 4_000_000_000)
  const house = new House(git, tarballs, join(options.directory, 'mirrors'), options.log ?? (() => undefined))
  return {
    resolve: ({ repository, ref }) => asValue(house.answer(repository, mirror => house.resolve(mirror, ref))),
    tarball: wanted => asValue(house.tarball(wanted)),
    readFile: ({ repository, commit, path }) =>
      asValue(house.answer(repository, mirror => house.readFile(mirror, commit, path))),
    line: ({ repository, branch }) => asValue(house.answer(repository, mirror => house.line(mirror, branch))),
    close: () => git.close(),
  }
}

/** A full or read-only disk of the farm's is expected now and then; anything else that is thrown is a defect. */
async function asValue<Answer>(answer: Promise<Answer>): Promise<Answer | Problem> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return problem(explain("the farm's own directory", error.message))
    throw error
  }
}

const tarballBytesLimit = 999_999_999
const fileBytesMax = 65_536
const commitsKeptMax = 1000
const fetchesBeforeTidying = 50

class House {
  readonly #git: Git
  readonly #tarballs: Tarballs
  readonly #directory: string
  readonly #log: NonNullable<MirrorsOptions['log']>
  readonly #mirrors = new Map<string, Promise<Mirror | Problem>>()
  /** The end of each repository's queue of fetches. */
  readonly #queues = new Map<string, Promise<unknown>>()
  readonly #fetching = new Map<string, Promise<Problem | undefined>>()
  /** A full commit never changes: what the mirror was seen to have. */
  readonly #commits = new Map<string, Commit>()
  #fetches = 0

  constructor(git: Git, tarballs: Tarballs, directory: string, log: NonNullable<MirrorsOptions['log']>) {
    this.#git = git
    this.#tarballs = tarballs
    this.#directory = directory
    this.#log = log
  }

  /** Runs `ask` on the repository's mirror; a problem is logged. */
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
    if (ref !== undefined && !isRefName(ref)) return problem(`"${cut(ref, 100)}" is no name of a branch or commit`)
    const names = ref === undefined ? [] : namesOf(ref)
    const refs = await lookAtRemote(this.#git, mirror.repository, names)
    if (refs.kind === 'problem') return refs
    const tip = ref === undefined ? refs.head : names.map(name => refs.commits.get(name)).find(Boolean)
    if (tip)
      return asResolved(await this.#commit(mirror, tip), ref === undefined ? refs.defaultBranch : branchOf(refs, ref))
    if (ref === undefined) return noHead(this.#git, mirror.repository)
    if (!isShortCommit(ref)) return this.#missing(mirror, `branch, tag or commit ${ref}`)
    return (refs.head && (await this.#refit(mirror, refs.head))) || this.#resolveShort(mirror, ref)
  }

  async tarball({ repository, ...content }: { repository: string } & TarballContent): Promise<TarballAnswer> {
    const wrong = contentProblem(content)
    if (wrong) return problem(wrong)
    const key = tarballKey(repository, content)
    const made = await this.#tarballs.get(key, async file => {
      const began = performance.now()
      const archived = await this.answer(repository, mirror => this.#archive(mirror, content, file))
      if (archived.kind === 'problem') return { kind: 'failed', message: archived.problem }
      const { bytes } = archived.sums
      this.#log('tarball-made', {
        repository: hideSecrets(repository),
        key,
        bytes,
        ms: Math.round(performance.now() - began),
      })
      return archived
    })
    return made.kind === 'failed' ? problem(made.message) : made
  }

  async readFile(mirror: Mirror, commit: string, path: string): Promise<FileAnswer> {
    if (!isFullCommit(commit) || !isInnerPath(path)) return problem(`"${commit}:${path}" is no file of a full commit`)
    const there = await this.#commit(mirror, commit)
    if ('problem' in there) return there
    const shown = `${hideSecrets(mirror.repository)} at ${commit.slice(0, 12)}`
    const read = await readBlob(this.#git, mirror, commit, path)
    if (read.kind === 'absent') return problem(`${shown} has no file ${path}`)
    if (read.content.length > fileBytesMax)
      return problem(`${path} of ${shown} has ${read.content.length} bytes, more than ${fileBytesMax}`)
    return { kind: 'file', text: read.content.toString('utf8') }
  }

  async line(mirror: Mirror, branch: string): Promise<LineAnswer> {
    if (!isRefName(branch)) return problem(`"${branch.slice(0, 100)}" is no name of a branch`)
    return this.#inTurn(mirror, () => readLine(this.#git, mirror, branch))
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

  /** The commit with its subject and author, fetched if the mirror does not have it. */
  async #commit(mirror: Mirror, commit: string): Promise<Commit | Problem> {
    const key = keyOf(mirror, commit)
    const known = this.#commits.get(key)
    if (known) return known
    const wrong = await this.#have(mirror, commit)
    const found =
      wrong ?? (await lookUp(this.#git, mirror, commit)) ?? (await this.#missing(mirror, `commit ${commit}`))
    if (!('problem' in found)) this.#remember(key, found)
    return found
  }

  /** Undefined once the mirror has the commit. Callers who want the same share one fetch. */
  #have(mirror: Mirror, commit: string): Promise<Problem | undefined> {
    const key = keyOf(mirror, commit)
    if (this.#commits.has(key)) return Promise.resolve(undefined)
    const shared = this.#fetching.get(key)
    if (shared) return shared
    const run = this.#bring(mirror, commit).finally(() => this.#fetching.delete(key))
    this.#fetching.set(key, run)
    return run
  }

  /**
   * A new commit is fetched without a look whether it is there: that look is one more program on the way from a push to
   * its jobs. Should it have come with an earlier fetch of whole branches, the fetch brings nothing; and if the
   * repository does not answer now, it is looked for after all.
   */
  async #bring(mirror: Mirror, commit: string): Promise<Problem | undefined> {
    const unfit = await this.#refit(mirror, commit)
    if (unfit) return unfit
    if (wasFetched(mirror, commit) && (await lookUp(this.#git, mirror, commit))) return undefined
    const began = performance.now()
    const fetched = await this.#inTurn(mirror, () => bringCommit(this.#git, mirror, commit))
    if (fetched.kind !== 'fetched') {
      if (await lookUp(this.#git, mirror, commit)) return undefined
      return fetched.kind === 'problem' ? fetched : this.#missing(mirror, `commit ${commit}`)
    }
    const ms = Math.round(performance.now() - began)
    this.#log('fetched', { repository: hideSecrets(mirror.repository), commit, ms })
    return undefined
  }

  async #resolveShort(mirror: Mirror, short: string): Promise<Resolved> {
    const before = await lookUp(this.#git, mirror, short)
    if (before) return asResolved(before)
    const fetched = await this.#inTurn(mirror, () => bringAll(this.#git, mirror))
    if (fetched.kind === 'problem') return fetched
    const after = await lookUp(this.#git, mirror, short)
    return after ? asResolved(after) : this.#missing(mirror, `branch, tag or commit ${short}`)
  }

  /** A borrowed repository is asked for the tarball at once: what is missing shows. */
  async #archive(mirror: Mirror, content: TarballContent, file: string) {
    const absent = await (mirror.borrowed ? this.#refit(mirror, content.commit) : this.#have(mirror, content.commit))
    if (absent) return absent
    const archived = await writeArchive(this.#git, mirror, content, file)
    if (archived.kind === 'failed') {
      const wrong = await this.#have(mirror, content.commit)
      if (wrong) return wrong
      const of = `${hideSecrets(mirror.repository)} at ${content.commit.slice(0, 12)}`
      return problem(explain(`cannot pack ${content.path ? `${content.path} of ` : ''}${of}`, archived.message))
    }
    if (archived.sums.bytes <= tarballBytesLimit) return archived
    return problem(
      `the tarball has ${archived.sums.bytes} bytes, more than ${tarballBytesLimit}: leave paths out (leave-out)`,
    )
  }

  /** One fetch per repository at a time. */
  #inTurn<Result>(mirror: Mirror, run: () => Promise<Result>): Promise<Result> {
    const before = this.#queues.get(mirror.directory) ?? Promise.resolve()
    const mine = before.then(run)
    const tail = mine.then(() => this.#tidyNowAndThen(mirror))
    this.#queues.set(
      mirror.directory,
      tail.catch(() => undefined),
    )
    return mine
  }

  async #tidyNowAndThen(mirror: Mirror): Promise<void> {
    this.#fetches += 1
    if (this.#fetches % fetchesBeforeTidying === 0) await tidy(this.#git, mirror)
  }

  #remember(key: string, commit: Commit): void {
    if (this.#commits.size >= commitsKeptMax) this.#commits.clear()
    this.#commits.set(key, commit)
  }

  /** Undefined once the mirror can hold this commit. */
  async #refit(mirror: Mirror, commit: string): Promise<Problem | undefined> {
    const fitted = await refit(this.#git, mirror, commit)
    if (fitted === 'made') this.#commits.clear()
    return typeof fitted === 'string' ? undefined : fitted
  }

  /** "X has no commit Y; newest of main is Z", as far as the other side still answers. */
  async #missing({ repository }: Mirror, what: string): Promise<Problem> {
    const refs = await lookAtRemote(this.#git, repository, [])
    const newest =
      refs.kind === 'refs' && refs.head ? `; newest of ${refs.defaultBranch ?? 'HEAD'} is ${refs.head}` : ''
    const answers = refs.kind === 'refs' ? ({ absent: true } as const) : {}
    return { ...problem(`${hideSecrets(repository)} has no ${what}${newest}`), ...answers }
  }
}

const problem = (text: string): Problem => ({ kind: 'problem', problem: text })

const keyOf = (mirror: Mirror, commit: string) => `${mirror.directory} ${commit}`

const asResolved = (commit: Commit | Problem, branch?: string): Resolved =>
  'problem' in commit ? commit : { kind: 'commit', ...commit, ...(branch === undefined ? {} : { branch }) }

/** What a word may stand for, in git's own order of preference here: a branch before a tag. Written out it is only itself. */
const namesOf = (ref: string): string[] =>
  /^refs\/(heads|tags)\//.test(ref) ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`]

function branchOf(refs: RemoteRefs, ref: string): string | undefined {
  const branch = ref.replace(/^refs\/heads\//, '')
  return refs.commits.has(`refs/heads/${branch}`) && !ref.startsWith('refs/tags/') ? branch : undefined
}

function contentProblem({ commit, path, leaveOut }: TarballContent): string | undefined {
  if (!isFullCommit(commit)) return `"${commit.slice(0, 100)}" is no full commit: resolve it first`
  const wrong = [...(path === undefined ? [] : [path]), ...leaveOut].find(inner => !isInnerPath(inner))
  return wrong === undefined ? undefined : `"${cut(wrong, 100)}" is no path inside a repository`
}

// Repositories of Mercurial, with the program hg. A commit has the name that Mercurial gives it: 40 hexadecimal digits.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import { isFullCommit, isRefName, isShortCommit, mirrorName } from '../git/addresses.ts'
import { explain } from '../git/advice.ts'
import type { Git } from '../git/git.ts'
import type { Commit } from '../git/mirror.ts'
import type { Problem } from '../git/remote.ts'
import { readTar, TarError, writeTar } from '../git/tar-stream.ts'
import { checked } from './members.ts'
import { withoutLeadingDots } from './strip.ts'

const schemes = /^(https?|ssh|file):\/\/(?!-)[^/]/i

export class Mercurial {
  readonly #git: Git
  readonly #root: string

  constructor(git: Git, root: string) {
    this.#git = git
    this.#root = root
  }

  /** Finds the commit of a branch, bookmark, tag or commit name. Without a ref, the newest commit of `default`. */
  async resolve(repository: string, ref: string | undefined): Promise<({ kind: 'commit' } & Commit) | Problem> {
    const name = ref ?? 'default'
    const isName = isFullCommit(name) || isShortCommit(name) || (isRefName(name) && !/['"]/.test(name))
    if (!isName) return problem(`"${cut(name, 100)}" is not a name of a branch, a tag or a commit`)
    const directory = await this.#mirror(repository)
    if (typeof directory !== 'string') return directory
    const known = isFullCommit(name) ? await this.#find(directory, name) : undefined
    if (known) return known
    const pulled = await this.#hg(['-R', directory, 'pull', '--quiet', '--', addressOf(repository)], 'fetch')
    if (pulled.kind === 'failed') return problem(explain(`cannot fetch ${hideSecrets(repository)}`, pulled.message))
    const found = await this.#find(directory, name)
    return found ?? { ...problem(`${hideSecrets(repository)} has no branch, tag or commit ${name}`), absent: true }
  }

  /** The tar file of a full commit. Throws TarError for people. */
  async *tar(repository: string, commit: string, leaveOut: readonly string[]): AsyncGenerator<Buffer> {
    const found = await this.resolve(repository, commit)
    if (found.kind === 'problem') throw new TarError(found.problem)
    const directory = await this.#mirror(repository)
    if (typeof directory !== 'string') throw new TarError(directory.problem)
    const options = ['--config', 'ui.archivemeta=false', '-r', commit, '-t', 'tar', '-p', '.', '--no-decode']
    const args = [...quiet, '-R', directory, 'archive', ...options, '-']
    const running = await this.#git.stream({ program: 'hg', args, ...this.#settings('archive') })
    try {
      yield* writeTar(checked(withoutLeadingDots(readTar(running.stdout)), leaveOut))
      const end = await running.ended
      if (end.kind === 'failed') throw new TarError(end.message)
    } finally {
      running.kill()
    }
  }

  async #mirror(repository: string): Promise<string | Problem> {
    const address = addressOf(repository)
    if (!schemes.test(address) && !address.startsWith('/'))
      return problem(
        `"${hideSecrets(repository)}" is no address of Mercurial: use hg+https, hg+http, hg+ssh, hg+file or hg+/path`,
      )
    const directory = join(this.#root, mirrorName(repository, address).replace(/\.git$/, '.hg'))
    if (existsSync(join(directory, '.hg'))) return directory
    await mkdir(this.#root, { recursive: true })
    const draft = await mkdtemp(join(this.#root, 'new-'))
    try {
      const copy = join(draft, 'copy')
      const cloned = await this.#hg(['clone', '--noupdate', '--pull', '--quiet', '--', address, copy], 'fetch')
      if (cloned.kind === 'failed') return problem(explain(`cannot read ${hideSecrets(repository)}`, cloned.message))
      await rename(copy, directory).catch(() => stat(join(directory, '.hg'))) // another server made the mirror
      return directory
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }

  async #find(directory: string, name: string): Promise<({ kind: 'commit' } & Commit) | undefined> {
    const template = '{node}\\n{author|person}\\n{desc|firstline}\\n{desc}'
    const found = await this.#hg(['-R', directory, 'log', '-r', `'${name}'`, '-T', template], 'archive')
    if (found.kind === 'failed') return undefined
    const [commit = '', author = '', subject = '', ...message] = found.stdout.toString('utf8').split('\n')
    return isFullCommit(commit)
      ? {
          ...({ kind: 'commit', commit, author: cut(author, 500), subject: cut(subject, 500) } as const),
          message: cut(message.join('\n'), 10_000),
        }
      : undefined
  }

  #hg(args: string[], limit: 'fetch' | 'archive') {
    return this.#git.text({ program: 'hg', args: [...quiet, ...args], ...this.#settings(limit) })
  }

  #settings(limit: 'fetch' | 'archive') {
    return { seconds: this.#git.limits[`${limit}Seconds`], cwd: '/', also: { HGPLAIN: '1', HGENCODING: 'UTF-8' } }
  }
}

const quiet = ['--noninteractive', '--config', 'ui.ssh=ssh -oBatchMode=yes -oConnectTimeout=20']

const addressOf = (repository: string) => repository.replace(/^hg\+/, '')

const problem = (text: string): Problem => ({ kind: 'problem', problem: text })

// Repositories of CVS, with the program cvs. CVS has no commits, so the farm stores each state that it builds as a commit
// in a git repository of its own: the same files give the same commit, and a job can run again with the same files.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import { isRefName, mirrorName } from '../git/addresses.ts'
import { explain } from '../git/advice.ts'
import type { Git } from '../git/git.ts'
import { type Commit, findCommit, type Mirror } from '../git/mirror.ts'
import type { Problem } from '../git/remote.ts'

export interface CvsModule {
  repository: string
  module: string
}

/** Without options in the method: they could name a program. */
const rootPattern =
  /^cvs\+(:(pserver|ext|local):)?([A-Za-z0-9._-]+@)?([A-Za-z0-9][A-Za-z0-9.-]*:([0-9]{1,5})?)?\/[^\s;:]*$/
const modulePattern = /^(?!-)(?!.*(^|\/)\.{0,2}(\/|$))[A-Za-z0-9._+/-]{1,300}$/

// The files of a state must not change on their way through git.
const attributes = '* -text -export-ignore -export-subst -ident -filter\n'

export class Cvs {
  readonly #git: Git
  readonly #root: string
  readonly #running = new Map<string, Promise<({ kind: 'commit' } & Commit) | Problem>>()

  constructor(git: Git, root: string) {
    this.#git = git
    this.#root = root
  }

  /** Reads the newest files of a branch or a tag, by default of the trunk. Simultaneous callers share one read. */
  resolve(wanted: CvsModule, ref: string | undefined): Promise<({ kind: 'commit' } & Commit) | Problem> {
    const key = JSON.stringify([wanted.repository, wanted.module, ref])
    const run = this.#running.get(key) ?? this.#resolve(wanted, ref).finally(() => this.#running.delete(key))
    this.#running.set(key, run)
    return run
  }

  /** The git repository with the states. */
  async mirror({ repository, module }: CvsModule): Promise<Mirror | Problem> {
    if (!rootPattern.test(repository))
      return problem(`"${hideSecrets(repository)}" is no address of CVS, such as cvs+:pserver:anoncvs@host:/cvsroot`)
    if (!modulePattern.test(module)) return problem(`"${cut(module, 100)}" is not a module of CVS`)
    const directory = join(this.#root, mirrorName(repository, `${repository}\n${module}`))
    if (existsSync(join(directory, 'HEAD'))) return { repository, directory, usesAlternates: false }
    await mkdir(this.#root, { recursive: true })
    const draft = await mkdtemp(join(this.#root, 'new-'))
    const made = await this.#run(draft, [
      'init',
      '--quiet',
      '--bare',
      '--template=',
      '--object-format=sha1',
      '--',
      draft,
    ])
    if (made.kind === 'failed') return problem(made.message)
    await mkdir(join(draft, 'info'), { recursive: true })
    await writeFile(join(draft, 'info/attributes'), attributes)
    await rename(draft, directory).catch(() => stat(join(directory, 'HEAD'))) // another server made it
    await rm(draft, { recursive: true, force: true })
    return { repository, directory, usesAlternates: false }
  }

  async #resolve(wanted: CvsModule, ref: string | undefined): Promise<({ kind: 'commit' } & Commit) | Problem> {
    if (ref !== undefined && !isRefName(ref)) return problem(`"${cut(ref, 100)}" is not a name of a branch or a tag`)
    const mirror = await this.mirror(wanted)
    if ('problem' in mirror) return mirror
    const draft = await mkdtemp(join(this.#root, 'new-'))
    try {
      const root = wanted.repository.replace(/^cvs\+/, '')
      const which = ref === undefined ? ['-D', 'now'] : ['-r', ref]
      const args = ['-f', '-Q', '-R', '-z3', '-d', root, 'export', ...which, '-d', 'tree', wanted.module]
      const seconds = this.#git.limits.fetchSeconds
      const exported = await this.#git.text({ program: 'cvs', args, seconds, cwd: draft, also: { CVS_RSH: 'ssh' } })
      const label = `${wanted.module} of ${hideSecrets(wanted.repository)}`
      if (exported.kind === 'failed') return problem(explain(`cannot read ${label}`, exported.message))
      // For a tag that does not exist, cvs can make an empty directory and report no error.
      if ((await readdir(join(draft, 'tree')).catch(() => [])).length === 0)
        return {
          ...problem(`${label} has no files${ref === undefined ? '' : ` with the branch or tag ${ref}`}`),
          absent: true,
        }
      return await this.#store(mirror, draft, ref ?? 'HEAD')
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }

  /** Stores the files as a commit, unless the newest commit of this name has the same files. */
  async #store(mirror: Mirror, draft: string, name: string): Promise<({ kind: 'commit' } & Commit) | Problem> {
    const { directory } = mirror
    const also = { GIT_WORK_TREE: join(draft, 'tree'), GIT_INDEX_FILE: join(draft, 'index') }
    const settings = ['-c', 'core.bare=false', '-c', 'core.autocrlf=false', '-c', 'core.excludesFile=/dev/null']
    const added = await this.#run(directory, [...settings, 'add', '--all', '--force', '.'], also, join(draft, 'tree'))
    if (added.kind === 'failed') return problem(added.message)
    const tree = await this.#run(directory, ['write-tree'], also)
    if (tree.kind === 'failed') return problem(tree.message)
    const treeHash = tree.stdout.toString('utf8').trim()
    const ref = `refs/heads/${name}`
    const before = await this.#run(directory, ['rev-parse', '--quiet', '--verify', `${ref}^{commit}`])
    const parent = before.kind === 'ok' ? before.stdout.toString('utf8').trim() : undefined
    const parentTree = parent ? await this.#run(directory, ['rev-parse', `${parent}^{tree}`]) : undefined
    if (parent && parentTree?.kind === 'ok' && parentTree.stdout.toString('utf8').trim() === treeHash)
      return this.#found(mirror, parent)
    const message = ['-m', `State of ${name}`]
    const made = await this.#run(
      directory,
      ['commit-tree', treeHash, ...(parent ? ['-p', parent] : []), ...message],
      identity,
    )
    if (made.kind === 'failed') return problem(made.message)
    const commit = made.stdout.toString('utf8').trim()
    const kept = await this.#run(directory, ['update-ref', ref, commit])
    return kept.kind === 'failed' ? problem(kept.message) : this.#found(mirror, commit)
  }

  async #found(mirror: Mirror, commit: string): Promise<({ kind: 'commit' } & Commit) | Problem> {
    const found = await findCommit(this.#git, mirror, commit)
    return found ? { kind: 'commit', ...found } : problem(`the farm cannot read the commit ${commit}`)
  }

  #run(directory: string, args: string[], also: Record<string, string> = {}, cwd = directory) {
    return this.#git.text({
      args,
      seconds: this.#git.limits.archiveSeconds,
      cwd,
      also: { GIT_DIR: directory, ...also },
    })
  }
}

const identity = {
  GIT_AUTHOR_NAME: 'cvs',
  GIT_AUTHOR_EMAIL: 'cvs@localhost',
  GIT_COMMITTER_NAME: 'cvs',
  GIT_COMMITTER_EMAIL: 'cvs@localhost',
}

const problem = (text: string): Problem => ({ kind: 'problem', problem: text })

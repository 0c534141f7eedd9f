import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import type { Guard } from '../notifiers/guard.ts'
import { isRefName } from './addresses.ts'
import { explain } from './advice.ts'
import { historyOf } from './first-parent-history.ts'
import type { Git } from './git.ts'
import type { GitStart } from './git-runner.ts'
import { fetchOne, findCommit, type Mirror } from './mirror.ts'
import { fetchByWays, fetchHead, type PullRequestPlace, waysToFetch, within } from './pull-request.ts'
import { listRefs, type Problem } from './remote.ts'
import { uploadPack } from './safe-directory.ts'

export interface WantedMerge {
  place: PullRequestPlace
  /** The newest commit of the pull request. */
  commit: string
  number: number
  baseBranch: string
  /** The ref of the configured repository with the merge that the forge made; null if the forge makes none. */
  mergeRef: string | null
}

/** A pull request merged into its base branch. The mirror has the commit. */
export interface Merge {
  kind: 'merge'
  commit: string
  /** The commit of the base branch. */
  base: string
  /** Who made the merge. */
  by: 'forge' | 'farm'
}

/** The merge of a pull request: the one that the forge made of exactly this commit, or else one that git makes here. */
export async function mergePullRequest(
  git: Git,
  mirror: Mirror,
  wanted: WantedMerge,
  guard: Guard,
): Promise<Merge | Problem> {
  const { commit, baseBranch, mergeRef } = wanted
  if (!isRefName(baseBranch)) return problem(`"${cut(baseBranch, 100)}" is not a name of a branch`)
  const absent = await fetchHead(git, mirror, wanted, guard)
  if (absent) return absent
  const branch = `refs/heads/${baseBranch}`
  const ofForge = mergeRef !== null && isRefName(mergeRef) ? [mergeRef] : []
  const refs = await listRefs(git, mirror.repository, [branch, ...ofForge])
  if (refs.kind === 'problem') return refs
  const made = ofForge.map(ref => refs.commits.get(ref)).find(Boolean)
  const found = made && (await forgeMerge(git, mirror, made, commit))
  if (found) return found
  const base = refs.commits.get(branch)
  if (!base) return { ...problem(`${hideSecrets(mirror.repository)} has no branch ${baseBranch}`), absent: true }
  return ownMerge(git, mirror, { ...wanted, base }, guard)
}

/**
 * The forge's merge, if its second parent is exactly this commit. Otherwise somebody pushed another commit after the farm
 * read the request, and nobody may have approved that commit.
 */
async function forgeMerge(git: Git, mirror: Mirror, merge: string, head: string): Promise<Merge | undefined> {
  await fetchOne(git, mirror, merge)
  const read = await git.text({ args: ['cat-file', 'commit', merge], seconds: 60, ...within(mirror.directory) })
  if (read.kind === 'failed') return undefined
  const [header = ''] = read.stdout.toString('utf8').split('\n\n')
  const [base, second, ...more] = [...header.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent]) => parent)
  if (base === undefined || second !== head || more.length > 0) return undefined
  return { kind: 'merge', commit: merge, base, by: 'forge' }
}

interface Sides extends WantedMerge {
  base: string
}

async function ownMerge(git: Git, mirror: Mirror, sides: Sides, guard: Guard): Promise<Merge | Problem> {
  const directory = await withHistory(git, mirror, sides, guard)
  if (typeof directory !== 'string') return directory
  const tree = await mergeTrees(git, directory, sides)
  if (tree.kind !== 'tree') return tree
  const commit = await writeMerge(git, directory, tree.tree, sides)
  if (typeof commit !== 'string') return commit
  const brought = directory === mirror.directory ? undefined : await bringToMirror(git, mirror, directory, commit)
  if (brought) return brought
  return { kind: 'merge', commit, base: sides.base, by: 'farm' }
}

/** A merge needs the history up to the common commit. Most pull requests need only its newest part. */
const depths = [['--depth=64'], ['--depth=1024'], ['--depth=2147483647']]

/**
 * A repository of the farm with both sides and their common commit. The mirror itself has only single commits, because
 * tarballs need no history, so this is another repository beside the mirror.
 */
async function withHistory(git: Git, mirror: Mirror, sides: Sides, guard: Guard): Promise<string | Problem> {
  const { base, commit, baseBranch } = sides
  // This mirror reads the objects of a repository with whole histories.
  if (mirror.usesAlternates) return mirror.directory
  const ways = await waysToFetch(mirror, sides.place, commit, guard)
  const directory = await historyOf(git, mirror, commit, 'merges')
  if (typeof directory !== 'string') return directory
  const own = { address: mirror.repository, options: [], also: {} }
  const waysOfBase = [base, `refs/heads/${baseBranch}`].map(refspec => ({ ...own, refspec }))
  for (const depth of depths) {
    const wrong =
      (await fetchByWays(git, directory, base, waysOfBase, depth)) ??
      (await fetchByWays(git, directory, commit, ways, depth))
    if (wrong) return wrong
    const common = await git.text({ args: ['merge-base', base, commit], seconds: 60, ...within(directory) })
    if (common.kind === 'ok') return directory
  }
  return problem(`the pull request and ${baseBranch} have no common commit`)
}

type MergedTree = { kind: 'tree'; tree: string } | Problem

async function mergeTrees(git: Git, directory: string, sides: Sides): Promise<MergedTree> {
  const { base, commit } = sides
  const args = ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', base, commit]
  const { exit, message, stdout } = await run(git, { args, seconds: git.limits.archiveSeconds, ...within(directory) })
  const [tree = '', ...files] = stdout.toString('utf8').split('\0').filter(Boolean)
  if (exit === 0) return { kind: 'tree', tree }
  if (exit === 1) return conflict(sides, files)
  // git before 2.38 has no --write-tree.
  if (/usage: git merge-tree|unknown (rev|option)/i.test(message)) return mergeWithIndex(git, directory, sides)
  return problem(explain('cannot merge the pull request', message))
}

/** The merge of git before 2.38, in a temporary directory. It does not follow renamed files. */
export async function mergeWithIndex(git: Git, directory: string, sides: Sides): Promise<MergedTree> {
  const work = await mkdtemp(join(tmpdir(), 'farm-merge-'))
  const also = { GIT_INDEX_FILE: join(work, '.index'), GIT_WORK_TREE: work }
  const call = (args: string[]) =>
    git.text({ args, seconds: git.limits.archiveSeconds, ...within(directory, also), cwd: work })
  try {
    const common = await call(['merge-base', sides.base, sides.commit])
    if (common.kind === 'failed') return problem(explain('cannot merge the pull request', common.message))
    const base = common.stdout.toString('utf8').trim()
    const read = await call(['read-tree', '-i', '-m', '--aggressive', base, sides.base, sides.commit])
    if (read.kind === 'failed') return problem(explain('cannot merge the pull request', read.message))
    await call(['merge-index', '-o', '-q', 'git-merge-one-file', '-a'])
    const open = await call(['diff-files', '--name-only', '--diff-filter=U', '-z'])
    const files = open.kind === 'ok' ? open.stdout.toString('utf8').split('\0').filter(Boolean) : []
    if (files.length > 0) return conflict(sides, [...new Set(files)])
    const written = await call(['write-tree'])
    if (written.kind === 'failed') return problem(explain('cannot merge the pull request', written.message))
    return { kind: 'tree', tree: written.stdout.toString('utf8').trim() }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const filesShown = 10

function conflict({ number, baseBranch }: Sides, files: readonly string[]): Problem {
  const shown = files.slice(0, filesShown).map(file => cut(file.replace(/\p{Cc}/gu, '?'), 200))
  const more = files.length > filesShown ? ` and ${files.length - filesShown} more` : ''
  const where = files.length === 0 ? '' : ` in ${shown.join(', ')}${more}`
  const detail = `pull request ${number} conflicts with ${baseBranch}${where}: merge ${baseBranch} into the pull request and push, then the farm builds it`
  return { ...problem(detail), conflictsWith: baseBranch }
}

/** The same two commits always give the same merge commit, so a second build uses the same tarball. */
async function writeMerge(git: Git, directory: string, tree: string, sides: Sides): Promise<string | Problem> {
  const { base, commit, number, baseBranch } = sides
  const dated = await git.text({ args: ['log', '-1', '--format=%ct', commit], seconds: 60, ...within(directory) })
  const date = `${dated.kind === 'ok' ? dated.stdout.toString('utf8').trim() : '0'} +0000`
  const person = (who: string) => ({ [`GIT_${who}_NAME`]: 'Rumpfarm', [`GIT_${who}_EMAIL`]: 'farm@localhost' })
  const also = { ...person('AUTHOR'), ...person('COMMITTER'), GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  const text = `Merge pull request ${number} into ${baseBranch}`
  const args = ['commit-tree', tree, '-p', base, '-p', commit, '-m', text]
  const written = await git.text({ args, seconds: 60, ...within(directory, also) })
  if (written.kind === 'failed') return problem(explain('cannot write the merge', written.message))
  const merge = written.stdout.toString('utf8').trim()
  const kept = await git.text({ args: ['update-ref', `refs/farm/${merge}`, merge], seconds: 60, ...within(directory) })
  return kept.kind === 'ok' ? merge : problem(explain('cannot keep the merge', kept.message))
}

/** Copies the merge, without its history, so that the farm can make a tarball of it. */
async function bringToMirror(git: Git, mirror: Mirror, from: string, commit: string): Promise<Problem | undefined> {
  if (await findCommit(git, mirror, commit)) return undefined
  const ref = `refs/farm/${commit}`
  const flags = ['--quiet', '--no-tags', '--update-shallow', '--force', '--depth=1']
  const args = [
    '-c',
    'maintenance.auto=false',
    'fetch',
    ...flags,
    ...uploadPack(from),
    '--',
    `file://${from}`,
    `+${ref}:${ref}`,
  ]
  const fetched = await git.text({ args, seconds: git.limits.fetchSeconds, ...within(mirror.directory) })
  return fetched.kind === 'ok' ? undefined : problem(explain('cannot copy the merge', fetched.message))
}

/** Runs git, and returns its output also if it fails. */
async function run(git: Git, start: GitStart): Promise<{ exit: number | null; message: string; stdout: Buffer }> {
  const started = await git.stream(start)
  const pieces: Buffer[] = []
  started.stdout.on('data', (piece: Buffer) => pieces.push(piece))
  const ended = await started.ended
  const stdout = Buffer.concat(pieces)
  return ended.kind === 'ok' ? { exit: 0, message: '', stdout } : { exit: ended.exit, message: ended.message, stdout }
}

const problem = (text: string): Problem => ({ kind: 'problem', problem: text })

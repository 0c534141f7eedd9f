import { cut } from '@rumpfarm/contracts'
import { explain } from './advice.ts'
import { branchDirectory, inside, type NoBranch } from './first-parent-history.ts'
import type { Git } from './git.ts'
import type { Mirror } from './mirror.ts'
import type { Problem } from './remote.ts'

/** A commit with the files that it changes, compared with its first parent. */
export interface ChangedCommit {
  commit: string
  /** At most 500 characters. */
  author: string
  /** At most 500 characters. */
  subject: string
  isMerge: boolean
  /** At most 1000 paths; empty if git could not list the files. */
  files: string[]
}

export interface CommitRange {
  kind: 'range'
  /** The newest common commit of `good` and `bad`. This is `good` itself unless the branch was rewritten. */
  base: string
  /** The commits after `base` up to `bad`, along the first parents, oldest first. */
  commits: ChangedCommit[]
}

/** The branch does not contain the commits any more, or they are older than its newest 200 commits. */
export interface NotInBranch {
  kind: 'not-in-branch'
}

export interface RangeEnds {
  branch: string
  good: string
  bad: string
  /** `bad` is a merge, and the range is the branch that it merges: the first parents of its second parent. */
  insideMerge?: boolean
}

export type RangeAnswer = CommitRange | NotInBranch | NoBranch | Problem

const filesMax = 1000

/** Reads the commits between two commits of a branch, with their changed files. */
export async function readRange(git: Git, mirror: Mirror, ends: RangeEnds): Promise<RangeAnswer> {
  const { branch, good, bad, insideMerge } = ends
  // Git needs the trees to list the changed files, but not the contents of the files.
  const directory = await branchDirectory(git, mirror, branch, { extent: 'trees', filter: '--filter=blob:none' })
  if (directory.kind !== 'directory') return directory
  const run = (args: string[]) => git.text({ args, ...inside(git, directory.directory) })
  const last = insideMerge ? `${bad}^2` : bad
  const merged = await run(['merge-base', insideMerge ? `${bad}^1` : good, last])
  if (merged.kind === 'failed') return { kind: 'not-in-branch' }
  const base = merged.stdout.toString('utf8').trim()
  const tips = insideMerge ? [last, bad, `^${base}`, `^${bad}^1`] : [bad, `^${base}`]
  const range = ['--first-parent', '--reverse', '--topo-order', '--encoding=UTF-8', '--end-of-options', ...tips, '--']
  const form = '--format=%x01%H%x02%P%x02%an%x02%s'
  const files = ['-c', 'core.quotePath=false', 'log', '-m', '--name-only', '--no-renames', form, ...range]
  const listed = await run(files)
  // The list of the files of a large import can be too long. Without it, all commits have the same weight.
  const read = listed.kind === 'ok' ? listed : await run(['log', form, ...range])
  if (read.kind === 'failed') return { kind: 'problem', problem: explain('cannot read the commits', read.message) }
  return { kind: 'range', base, commits: read.stdout.toString('utf8').split('\x01').slice(1).map(commitOf) }
}

function commitOf(text: string): ChangedCommit {
  const [head = '', ...lines] = text.split('\n')
  const [commit = '', parents = '', author = '', subject = ''] = head.split('\x02')
  const files = lines.filter(line => line !== '').slice(0, filesMax)
  return { commit, author: plain(author), subject: plain(subject), isMerge: parents.includes(' '), files }
}

const plain = (text: string) => cut(text.replace(/\p{Cc}+/gu, ' '), 500)

const linesBytesMax = 256 * 1024

export type LinesAnswer = { kind: 'lines'; patch: string } | { kind: 'unknown' }

/**
 * The changed lines between two commits that the mirror has, as a patch without context. Unknown if the patch is longer
 * than 256 KiB, or if the mirror does not have both commits.
 */
export async function readChangedLines(
  git: Git,
  mirror: Mirror,
  { before, after }: { before: string; after: string },
): Promise<LinesAnswer> {
  const options = ['--no-ext-diff', '--no-textconv', '--no-color', '--no-renames', '--unified=0']
  const args = ['-c', 'core.quotePath=false', 'diff', ...options, before, after, '--']
  const read = await git.text({ args, ...inside(git, mirror.directory) })
  if (read.kind === 'failed' || read.stdout.length > linesBytesMax) return { kind: 'unknown' }
  return { kind: 'lines', patch: read.stdout.toString('utf8') }
}

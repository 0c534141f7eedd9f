import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hideSecrets } from '@rumpfarm/contracts'
import { localPath } from './addresses.ts'
import { explain } from './advice.ts'
import { directoryOf, fetchHistory, historyOf, inside, readHistory } from './first-parent-history.ts'
import type { Git } from './git.ts'
import { type Mirror, matchObjectFormat } from './mirror.ts'
import { listRefs, type Problem } from './remote.ts'
import { withSuffix } from './safe-directory.ts'

export type OnRefs = { kind: 'on-refs'; found: boolean }

const allRefs = ['refs/heads/*', 'refs/tags/*']
const answer = (found: boolean): OnRefs => ({ kind: 'on-refs', found })

/**
 * Whether a branch or a tag of the repository has this commit. Servers also send commits that only a pull request has,
 * by their name, because they keep the objects of forks in the same place. Without `ref`, all branches and tags count.
 */
export async function findOnRefs(
  git: Git,
  mirror: Mirror,
  { commit, ref }: { commit: string; ref: string | undefined },
  inQueue: <Answer>(run: () => Promise<Answer>) => Promise<Answer>,
): Promise<OnRefs | Problem> {
  if (ref !== undefined && isTipInFile(mirror, commit, ref)) return answer(true)
  const wanted = ref === undefined ? allRefs : [ref]
  const listed = await listRefs(git, mirror.repository, wanted)
  if (listed.kind === 'problem') return listed
  const tips = [...listed.commits].flatMap(([name, tip]) => (name.startsWith('refs/') ? [tip] : []))
  if (tips.includes(commit)) return answer(true)
  if (tips.length === 0) return answer(false)
  if (mirror.usesAlternates) return isOn(git, mirror, mirror.directory, commit, tips)
  const branch = ref === undefined ? listed.defaultBranch : /^refs\/heads\/(.+)$/.exec(ref)?.[1]
  return inQueue(async () => {
    if (branch !== undefined && (await isRecent(git, mirror, commit, branch))) return answer(true)
    return searchWhole(git, mirror, commit, wanted, tips)
  })
}

/** After a push to a directory on this machine, the file of the branch has the commit. So the farm starts no program. */
function isTipInFile({ repository }: Mirror, commit: string, ref: string): boolean {
  const path = localPath(repository)
  if (path === undefined) return false
  const directory = withSuffix(path)
  return [directory, join(directory, '.git')].some(each => {
    try {
      return readFileSync(join(each, ref), 'utf8').trim() === commit
    } catch {
      return false // a packed ref, or not the directory with the refs
    }
  })
}

/** The first look needs no more than the newest 200 commits, which the farm reads after each push anyway. */
async function isRecent(git: Git, mirror: Mirror, commit: string, branch: string): Promise<boolean> {
  const history = await readHistory(git, mirror, branch)
  return history.kind === 'history' && history.commits.some(one => one.commit === commit)
}

/** Reads all commits of the refs, without their files. */
async function searchWhole(git: Git, mirror: Mirror, commit: string, refs: string[], tips: string[]) {
  const [tip = ''] = tips
  const format = await matchObjectFormat(git, mirror, tip)
  if (typeof format !== 'string') return format
  const whole = directoryOf(mirror, 'whole')
  const isWhole = existsSync(whole)
  const directory = isWhole ? whole : await historyOf(git, mirror, tip, 'commits')
  if (typeof directory !== 'string') return directory
  const refspecs = refs.map(ref => `+${ref}:${ref}`)
  const fetched = await fetchHistory(git, mirror, directory, refspecs, isWhole ? [] : ['--filter=tree:0', '--prune'])
  if (fetched.kind === 'failed')
    return problem(explain(`cannot read the commits of ${hideSecrets(mirror.repository)}`, fetched.message))
  return isOn(git, mirror, directory, commit, tips)
}

/** Asks git for the commit, unless one of the tips has it. */
async function isOn(git: Git, mirror: Mirror, directory: string, commit: string, tips: string[]) {
  const args = ['rev-list', '--max-count=1', '--stdin']
  const running = await git.stream({ args, input: true, ...inside(git, directory) })
  running.stdin?.end(`${commit}\n${tips.map(tip => `^${tip}\n`).join('')}`)
  let bytes = 0
  for await (const part of running.stdout) bytes += (part as Buffer).length
  const ended = await running.ended
  if (ended.kind === 'ok') return answer(bytes === 0)
  // The directory has all commits of the refs, but not this one.
  if (/bad object|bad revision|not our ref|missing|could not (fetch|get)/i.test(ended.message)) return answer(false)
  return problem(explain(`cannot read the commits of ${hideSecrets(mirror.repository)}`, ended.message))
}

const problem = (text: string): Problem => ({ kind: 'problem', problem: text })

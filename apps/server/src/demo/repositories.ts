import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type DemoCommit, emailOf } from './year/commits.ts'
import { repositories as address } from './year/projects.ts'

export const repositoriesOf = (dataDirectory: string) => join(dataDirectory, 'repositories')

/** git replaces the address of the demo's forge by the directory of the demo's repositories. */
export const gitFinds = (dataDirectory: string): Record<string, string> => ({
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: `url.${repositoriesOf(dataDirectory)}/.insteadOf`,
  GIT_CONFIG_VALUE_0: address,
})

export interface DemoRepository {
  /** The last part of its address, such as `base.git`. */
  name: string
  branches: { name: string; commits: readonly DemoCommit[] }[]
}

/** Makes bare repositories with the demo's commits, whose names are those of the farm's builds. */
export function makeRepositories(directory: string, repositories: readonly DemoRepository[]): void {
  for (const { name, branches } of repositories) {
    const path = join(directory, name)
    mkdirSync(path, { recursive: true })
    git(['init', '--quiet', '--bare', '--initial-branch=main', path])
    git(['-C', path, 'fast-import', '--quiet'], importOf(branches))
  }
}

/** The commits have no files. A branch begins where it left main. */
function importOf(branches: DemoRepository['branches']): string {
  const marks = new Map<string, number>()
  return branches
    .flatMap(({ name, commits }) => [
      ...(marks.has(commits[0]?.commit ?? '')
        ? [`reset refs/heads/${name}\nfrom ${lastKnown(commits, marks)}\n\n`]
        : []),
      ...commits.filter(({ commit }) => !marks.has(commit)).map(commit => commitText(name, commit, marks)),
    ])
    .join('')
}

const lastKnown = (commits: readonly DemoCommit[], marks: ReadonlyMap<string, number>): string =>
  `:${marks.get(commits.findLast(({ commit }) => marks.has(commit))?.commit ?? '')}`

function commitText(
  branch: string,
  { commit, parent, author, subject, committedAt }: DemoCommit,
  marks: Map<string, number>,
): string {
  const mark = marks.size + 1
  marks.set(commit, mark)
  const who = `${author} <${emailOf(author)}> ${Math.floor(committedAt.getTime() / 1000)} +0000`
  const message = `${subject}\n`
  const from = parent === null ? '' : `from :${marks.get(parent)}\n`
  return `commit refs/heads/${branch}\nmark :${mark}\nauthor ${who}\ncommitter ${who}\ndata ${Buffer.byteLength(message)}\n${message}${from}\n`
}

/** `git init` reads no input. If git got a pipe that it does not read, writing to the pipe could fail with EPIPE. */
const git = (args: string[], input?: string) =>
  execFileSync('git', args, { input, stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'] })

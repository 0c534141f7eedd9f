import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, Program } from '../support/program.ts'

export interface Repository {
  path: string
  /** The commits of the branch main, oldest first. */
  commits: string[]
}

const author = 'Bench <bench@example.org> 1700000000 +0000'

/** A stream for git fast-import: each commit changes one small file of a small C program. */
const commitStream = (count: number): string => {
  const one = (number: number) => {
    const text = `int main(void) { return ${number} - ${number}; }\n`
    const message = `Change ${number}`
    return [
      'commit refs/heads/main',
      `author ${author}`,
      `committer ${author}`,
      `data ${message.length}\n${message}`,
      `M 644 inline main.c\ndata ${text.length}\n${text}`,
    ].join('\n')
  }
  return `${Array.from({ length: count }, (_, number) => one(number)).join('\n')}\n`
}

export function makeRepository(directory: string, commitsCount: number): Repository {
  const path = join(directory, 'project')
  mkdirSync(path, { recursive: true })
  const git = (args: string[], input = '') => execFileSync('git', ['-C', path, ...args], { encoding: 'utf8', input })
  git(['init', '--quiet', '--bare', '--initial-branch=main'])
  // As on a forge, the farm can fetch a commit by its hash, even if the commit is not the newest of a branch.
  git(['config', 'uploadpack.allowAnySHA1InWant', 'true'])
  git(['fast-import', '--quiet'], commitStream(commitsCount))
  const commits = git(['rev-list', '--reverse', 'main']).trim().split('\n')
  return { path, commits }
}

/** Makes the commit the newest of main, as a push does. */
export const moveMain = (path: string, commit: string): void => {
  execFileSync('git', ['-C', path, 'update-ref', 'refs/heads/main', commit])
}

/** Serves a directory over the git protocol, like a forge, so that the farm must fetch commits. */
export async function serveRepositories(directory: string) {
  const port = await freePort()
  const options = ['--verbose', '--reuseaddr', '--export-all', '--listen=127.0.0.1', `--port=${port}`]
  const command = ['git', 'daemon', ...options, `--base-path=${directory}`, directory]
  const program = new Program(command, { PATH: process.env.PATH ?? '' }, directory)
  await program.line('that it is ready', line => /Ready to rumble/.test(line) || undefined)
  return { url: `git://127.0.0.1:${port}`, stop: () => program.stop() }
}

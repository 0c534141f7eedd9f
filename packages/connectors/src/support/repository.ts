import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { fillDirectory } from '../../../../test/support/filled-directory.ts'

/** A directory that is removed after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'connectors-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  return directory
}

/** An environment without the git settings of the user and the system. */
export const quietEnvironment = (more: Record<string, string> = {}) => ({
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  ...more,
})

const identity = {
  GIT_AUTHOR_NAME: 'Ada Lovelace',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada Lovelace',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
}

export interface Repository {
  directory: string
  git: (...args: string[]) => string
  /** Writes these files and commits everything. Returns the commit. */
  commit: (subject: string, files?: Record<string, string>) => string
}

const usualFiles = { 'hello.c': 'int main(void) { return 0; }\n' }

/** The time of the first commit. Each later commit is a minute later. */
const firstSecond = 1_700_000_060

/** A real repository with one commit on main. */
export function makeRepository(
  files: Record<string, string> = usualFiles,
  objectFormat: 'sha1' | 'sha256' = 'sha1',
): Repository {
  const directory = temporaryDirectory()
  let second = firstSecond - 60
  const git = (...args: string[]) => {
    const date = `${second} +0000`
    const env = { ...quietEnvironment(identity), GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
    return execFileSync('git', args, {
      cwd: directory,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  }
  const commit = (subject: string, contents: Record<string, string> = {}) => {
    second += 60
    for (const [name, text] of Object.entries(contents)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), text)
    }
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', subject)
    return git('rev-parse', 'HEAD')
  }
  const fill = () => {
    git('init', '--quiet', '--initial-branch=main', '--template=', `--object-format=${objectFormat}`)
    commit('First', files)
  }
  if (files === usualFiles) fillDirectory(directory, `connectors ${objectFormat}`, fill)
  else fill()
  second = firstSecond
  return { directory, git, commit }
}

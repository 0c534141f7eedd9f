import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The environment of git. With these variables, git ignores the settings of the user and of the system. */
export const gitEnvironment = { HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }

const identity = ['-c', 'user.name=Ada Lovelace', '-c', 'user.email=ada@example.org']

/** A real repository with the branch main. */
export class Repository {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
    mkdirSync(directory, { recursive: true })
    this.git('init', '--quiet', '--initial-branch=main')
  }

  git(...words: string[]): string {
    const env = { PATH: process.env.PATH ?? '', ...gitEnvironment }
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    return execFileSync('git', [...identity, ...words], { cwd: this.directory, env, encoding: 'utf8', stdio }).trim()
  }

  /** Writes these files, commits everything, and returns the commit. */
  commit(files: Record<string, string | Buffer>, subject = 'A change'): string {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.directory, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    this.git('add', '--all')
    this.git('commit', '--quiet', '--allow-empty', '--message', subject)
    return this.git('rev-parse', 'HEAD')
  }
}

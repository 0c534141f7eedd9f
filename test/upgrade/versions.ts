import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isExpanding } from '../../packages/farm/src/db/migrations/expand.rule.ts'
import { Program } from '../support/program.ts'
import { eventually } from '../support/waiting.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const git = (...words: string[]) => execFileSync('git', ['-C', root, ...words], { encoding: 'utf8' }).trim()

/** The servers of a farm agree in the database since this migration. */
const firstWithServers = '20261130113000_servers_expand'

const migrations = (): string[] =>
  readdirSync(join(root, 'prisma/migrations'))
    .filter(name => name > firstWithServers && /^\d{14}_/.test(name))
    .sort()

/** The commit before the one that added this migration, under any name; empty if the history does not have it. */
const commitBefore = (migration: string): string => (existsSync(join(root, '.git')) ? parentOfAddition(migration) : '')

const parentOfAddition = (migration: string): string =>
  git('log', '-1', '--follow', '--diff-filter=A', '--format=%P', '--', `prisma/migrations/${migration}/migration.sql`)

export interface Step {
  /** The migration. */
  name: string
  before: string
  after: string
}

/** The newest migration of the history that expands, or that does not: the commits before it and with it. */
export function newestStep(kind: 'expands' | 'breaks'): Step | undefined {
  const name = migrations().findLast(migration => isExpanding(migration) === (kind === 'expands'))
  if (name === undefined) return undefined
  const before = commitBefore(name)
  if (before === '') return undefined // a part of the history, or none
  const [after = ''] = git(
    'log',
    '--reverse',
    '--format=%H',
    `${before}..HEAD`,
    '--',
    `prisma/migrations/${name}`,
  ).split('\n')
  return { name, before, after }
}

/** A clone with this commit, in .farm/versions. Its own script installs it at the first start. */
export function cloneOf(commit: string): string {
  const directory = resolve(root, '.farm/versions', commit.slice(0, 12))
  if (!existsSync(join(directory, 'farm'))) {
    execFileSync('git', ['clone', '-q', '--shared', '--no-checkout', root, directory])
    execFileSync('git', ['-C', directory, 'checkout', '-q', commit])
  }
  return directory
}

/** A server of another version, started with this version's `./farm serve`. Installing it can take minutes. */
export function startVersion(commit: string, environment: Record<string, string>): Program {
  const directory = cloneOf(commit)
  const { HOME = '', PATH = '' } = process.env
  return new Program(['sh', './farm', 'serve'], { HOME, PATH, CI: 'true', ...environment }, directory)
}

/** Waits until the server answers that it is ready. */
export const ready = (url: string, server: Program): Promise<true> =>
  eventually(
    `a server at ${url}`,
    async () => {
      if (!server.running) throw new Error(`the server ended: ${server.lines.slice(-20).join('\n')}`)
      const answer = await fetch(`${url}/readyz`).catch(() => undefined)
      return answer?.status === 200 || undefined
    },
    300_000,
  )

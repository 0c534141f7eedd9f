import type { TestProject } from 'vitest/node'
import { migrate } from '../../packages/farm/src/db/migrate.ts'
import { type LocalPostgres, startTemporaryPostgres } from '../../packages/local-postgres/src/index.ts'
import { idlePrefix, templateName, withClient } from './postgres.ts'

const makeTemplate = async (url: string): Promise<void> => {
  await withClient(url, client => client.query(`CREATE DATABASE ${templateName}`))
  const template = new URL(url)
  template.pathname = `/${templateName}`
  await migrate(template.href)
}

const leftDatabases = (url: string): Promise<string[]> =>
  withClient(url, async client => {
    const own = [templateName, 'postgres', 'template0', 'template1']
    const { rows } = await client.query(
      'SELECT datname FROM pg_database WHERE datname <> ALL ($1) AND NOT starts_with(datname, $2)',
      [own, idlePrefix],
    )
    return rows.map(row => row.datname)
  })

interface SharedPostgres {
  ready: Promise<LocalPostgres>
  /** The number of projects (packages) in this run that have not ended. */
  users: number
}

// The state is global, because each project of a run loads this file again in the same process.
const key = Symbol.for('rumpfarm.test-postgres')
const shared = globalThis as { [key]?: SharedPostgres }

const startShared = async (): Promise<LocalPostgres> => {
  const postgres = await startTemporaryPostgres()
  await makeTemplate(postgres.url)
  return postgres
}

const stopShared = async ({ url, stop }: LocalPostgres): Promise<void> => {
  const left = await leftDatabases(url)
  await stop()
  if (left.length > 0) throw new Error(`tests left databases behind: ${left.join(', ')}; call drop() in afterAll`)
}

/** A vitest globalSetup: a temporary PostgreSQL for the whole run, with a migrated template database. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  shared[key] ??= { ready: startShared(), users: 0 }
  const server = shared[key]
  server.users++
  const postgres = await server.ready
  project.provide('postgresUrl', postgres.url)
  return async () => {
    server.users--
    if (server.users > 0) return
    delete shared[key]
    await stopShared(postgres)
  }
}

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../packages/farm/src/db/migrate.ts'
import { type LocalPostgres, startTemporaryPostgres } from '../../packages/local-postgres/src/index.ts'
import { templateName, withClient } from './postgres.ts'

const makeTemplate = async (url: string): Promise<void> => {
  await withClient(url, client => client.query(`CREATE DATABASE ${templateName}`))
  const template = new URL(url)
  template.pathname = `/${templateName}`
  await migrate(template.href)
}

interface SharedPostgres {
  ready: Promise<LocalPostgres>
  /** The directory `usedDatabases`. */
  used: string
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

const stopShared = async ({ stop }: LocalPostgres, used: string): Promise<void> => {
  await stop()
  const left = readdirSync(used)
  rmSync(used, { recursive: true })
  if (left.length > 0) throw new Error(`tests left databases behind: ${left.join(', ')}; call drop() in afterAll`)
}

/** A vitest globalSetup: a temporary PostgreSQL for the whole run, with a migrated template database. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  shared[key] ??= { ready: startShared(), used: mkdtempSync(join(tmpdir(), 'rumpfarm-databases-')), users: 0 }
  const server = shared[key]
  server.users++
  const postgres = await server.ready
  project.provide('postgresUrl', postgres.url)
  project.provide('usedDatabases', server.used)
  return async () => {
    server.users--
    if (server.users > 0) return
    delete shared[key]
    await stopShared(postgres, server.used)
  }
}

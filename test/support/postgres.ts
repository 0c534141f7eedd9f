// Each test file gets a migrated database. In the package's vitest.config.ts:
//   test: { globalSetup: ['../../test/support/postgres-setup.ts'] }
// and in the test file:
//   const database = await createTestDatabase()
//   afterAll(() => database.drop())
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

export const templateName = 'farm_template'

export interface TestDatabase {
  url: string
  /** Drops the database. Fails if a connection is open, because a test must close its connections. */
  drop: () => Promise<void>
}

const asAdmin = async (work: (admin: pg.Client) => Promise<void>): Promise<void> => {
  const admin = new pg.Client({ connectionString: inject('postgresUrl') })
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.end()
  }
}

const connectedTo = `SELECT count(*)::int AS connections, string_agg(DISTINCT query, '; ') AS queries
  FROM pg_stat_activity WHERE datname = $1`

/** Waits for the end of backends, because the backend of a closed connection needs a moment to end. */
const leftConnections = async (admin: pg.Client, name: string, tries = 20): Promise<string | undefined> => {
  const { rows } = await admin.query(connectedTo, [name])
  if (rows[0].connections === 0) return undefined
  if (tries === 0) return `${rows[0].connections} connections, last used for: ${rows[0].queries}`
  await admin.query('SELECT pg_sleep(0.05)')
  return leftConnections(admin, name, tries - 1)
}

const drop = (name: string): Promise<void> =>
  asAdmin(async admin => {
    const left = await leftConnections(admin, name)
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    if (left) throw new Error(`this test file left open ${left}`)
  })

const create = async (template: string): Promise<TestDatabase> => {
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(async admin => {
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  })
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  return { url: url.href, drop: () => drop(name) }
}

/** Makes a migrated database in about 30 ms. */
export const createTestDatabase = (): Promise<TestDatabase> => create(templateName)

/** Makes an empty database. */
export const createEmptyDatabase = (): Promise<TestDatabase> => create('template0')

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmptyDatabase, type TestDatabase, withClient } from '../../../../../test/support/postgres.ts'
import { migrate } from '../migrate.ts'
import { migrationsDirectory, readMigrations } from '../migrations/files.ts'
import { openRestore } from './restore.ts'
import { openSnapshot } from './snapshot.ts'

let database: TestDatabase

beforeEach(async () => {
  database = await createEmptyDatabase()
})

afterEach(() => database.drop())

const names = async () => (await readMigrations(migrationsDirectory())).map(file => file.name)

test('the backup of an older farm is restored as it was, and the next start adds the newer migrations', async () => {
  const [newest, ...older] = (await names()).reverse()
  const restore = await openRestore({ databaseUrl: database.url, migrations: older.reverse(), replace: false })
  await restore.finish({})
  await restore.close()

  expect(await migrate(database.url)).toEqual([newest])
})

test('the attempts of a backup with one table of attempts are in two tables after the next start', async () => {
  const all = await names()
  const migrations = all.slice(
    0,
    all.findIndex(name => name.endsWith('_open_attempts')),
  )
  const restore = await openRestore({ databaseUrl: database.url, migrations, replace: false })
  const at = '2026-01-02 03:04:05+00'
  const load = (name: string, columns: string, ...rows: string[][]) =>
    restore.load({ name, columns: columns.split(' ') }, Buffer.from(rows.map(row => `${row.join('\t')}\n`).join('')))
  await load('Project', 'name config configHash updatedAt', ['sample', '{}', 'c', at])
  await load('Recipe', 'hash body', ['r', '{}'])
  const host = 'id name credentialHash facts agentVersion enrolledAt lastSeenAt'
  await load('Host', host, ['1', 'vax', 'c', '{}', '1', at, at])
  await load('Build', 'id projectName commit createdAt', ['1', 'sample', 'a', at])
  const job = (id: string, status: string) => [id, '1', 'sample', '1', `arch-${id}`, 'default', 'r', status]
  await load(
    'Job',
    'id buildId projectName hostId arch variant recipeHash status',
    job('1', 'open'),
    job('2', 'passed'),
  )
  await load(
    'Attempt',
    'jobId number hostId state verdict queuedAt finishedAt projectName buildId',
    ['1', '1', '1', 'queued', '\\N', at, '\\N', 'sample', '1'],
    ['2', '1', '1', 'finished', 'passed', at, at, 'sample', '1'],
  )
  await restore.finish({ Job_id_seq: '2' })
  await restore.close()

  expect((await migrate(database.url))[0]).toMatch(/_open_attempts$/)
  await withClient(database.url, async client => {
    const { rows } = await client.query(`SELECT "jobId", "state", "verdict" FROM "Attempt" ORDER BY 1`)
    expect(rows).toEqual([
      { jobId: 1, state: 'queued', verdict: null },
      { jobId: 2, state: 'finished', verdict: 'passed' },
    ])
    expect((await client.query(`SELECT nextval('"Job_id_seq"') AS id`)).rows).toEqual([{ id: 3 }])
  })
})

test('the backup of a newer farm is refused', async () => {
  const migrations = [...(await names()), '29991231000000_teleport']
  await expect(openRestore({ databaseUrl: database.url, migrations, replace: true })).rejects.toThrow(
    'a newer version of the farm made this backup: it has the migrations 29991231000000_teleport. Restore it with that version',
  )
})

test('a database without a farm has no backup', async () => {
  await expect(openSnapshot(database.url)).rejects.toThrow('this database has no farm')
})

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmptyDatabase, type TestDatabase } from '../../../../../test/support/postgres.ts'
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

test('the backup of a newer farm is refused', async () => {
  const migrations = [...(await names()), '29991231000000_teleport']
  await expect(openRestore({ databaseUrl: database.url, migrations, replace: true })).rejects.toThrow(
    'a newer version of the farm made this backup: it has the migrations 29991231000000_teleport. Restore it with that version',
  )
})

test('a database without a farm has no backup', async () => {
  await expect(openSnapshot(database.url)).rejects.toThrow('this database has no farm')
})

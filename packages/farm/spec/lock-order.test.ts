import pg from 'pg'
import { expect, vi } from 'vitest'
import { openFarm } from '../src/index.ts'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'

// Two commands that lock the same rows in different orders block each other, and PostgreSQL ends one of them. These tests
// hold a row that both commands need, so that each has its first rows when it waits.

const bothDone = [{ status: 'fulfilled' }, { status: 'fulfilled' }]
const repository = '/srv/git/sample'

/** A second server of the farm, with connections of its own. */
const secondServer = ({ databaseUrl, logsDirectory, now }: TestFarm) =>
  openFarm({ databaseUrl, logsDirectory, now, secret: 'a secret of at least thirty-two characters' })

/** Locks a row on a connection of its own until `release`. */
async function hold(farm: TestFarm, row: string) {
  const client = new pg.Client({ connectionString: farm.databaseUrl })
  await client.connect()
  await client.query(`BEGIN; ${row} FOR UPDATE`)
  /** Resolves when this number of other connections wait for a lock. */
  const waiting = (count: number) =>
    vi.waitFor(
      async () => {
        const [row] = await farm.sql<{ count: number }>(
          `SELECT count(DISTINCT pid)::int AS "count" FROM pg_locks
            WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`,
        )
        expect(row?.count).toBe(count)
      },
      { timeout: 20_000 },
    )
  const release = async () => {
    await client.query('COMMIT')
    await client.end()
  }
  return { waiting, release }
}

farmTest('a look at a repository and a load of farm.yaml wait for each other without a deadlock', async ({ farm }) => {
  await farm.configure(project({ pollSeconds: 300 }))
  const other = secondServer(farm)
  const look = await farm.polling.begin(repository)
  if (!look) throw new Error('the look did not begin')
  const found = await farm.polling.compare(look, { defaultBranch: 'main', commits: new Map() })
  const held = await hold(farm, `SELECT FROM "PolledRepository" WHERE "repository" = '${repository}'`)
  const ended = other.polling.end(look, { found, handled: [], problem: null })
  await held.waiting(1)
  const configured = farm.configure(project({ pollSeconds: 600 }))
  await held.waiting(2)
  await held.release()
  expect(await Promise.allSettled([ended, configured])).toMatchObject(bothDone)
  await other.close()
})

farmTest('the end of a scheduled run and a load of farm.yaml without its schedule do so too', async ({ farm }) => {
  await farm.host('one')
  await farm.configure(project({ schedules: [{ key: 'k1', cron: '0 2 * * *', timeZone: 'UTC' }] }))
  const other = secondServer(farm)
  farm.wait(86_400)
  await farm.schedules.plan()
  const [run] = await farm.schedules.take()
  if (!run) throw new Error('no run was due')
  const held = await hold(farm, `SELECT FROM "Schedule" WHERE "key" = 'k1'`)
  const configured = farm.configure(project())
  await held.waiting(1)
  const built = other.schedules.build(run, { commit: commitOf('a') })
  await held.waiting(2)
  await held.release()
  expect(await Promise.allSettled([configured, built])).toMatchObject(bothDone)
  await other.close()
})

farmTest('the removal of a host locks its attempts in the order of their jobs', async ({ farm }) => {
  await farm.configure()
  await farm.host('one', ['i386', 'amd64'])
  await farm.push(commitOf('a'))
  const [first, second] = await farm.sql<{ jobId: number }>(`SELECT "jobId" FROM "OpenAttempt" ORDER BY "jobId"`)
  await farm.sql(`UPDATE "OpenAttempt" SET "queuedAt" = now() WHERE "jobId" = $1`, [first?.jobId]) // now the last row of the table
  const database = new URL(farm.databaseUrl).pathname.slice(1)
  for (const kind of ['indexscan', 'indexonlyscan', 'bitmapscan'])
    await farm.sql(`ALTER DATABASE "${database}" SET enable_${kind} = off`)
  const other = secondServer(farm) // reads the rows in the order of the table
  const held = await hold(farm, `SELECT FROM "OpenAttempt" WHERE "jobId" = ${first?.jobId}`)
  const removed = other.hosts.remove('one')
  await held.waiting(1)
  await farm.sql(`SELECT FROM "OpenAttempt" WHERE "jobId" = $1 FOR UPDATE NOWAIT`, [second?.jobId])
  await held.release()
  await removed
  expect(await farm.verdicts()).toEqual(['cancelled', 'cancelled'])
  await other.close()
})

import pg from 'pg'
import { expect, vi } from 'vitest'
import { addAttempts } from '../src/attempts/add-attempts.ts'
import { openDatabase } from '../src/db/client.ts'
import { sql } from '../src/db/sql.ts'
import { inTransaction } from '../src/db/transaction.ts'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, type TestFarm } from './farm-test.ts'

interface Counts {
  updates: number
  hot: number
  deletes: number
  inserts: number
}

/** PostgreSQL counts the changes of a table when a connection has been idle, or with the first commit after a second. */
async function countsOf(farm: TestFarm, table: string): Promise<Counts> {
  await farm.attempts.expireLeases() // changes nothing
  const [counts] = await farm.sql<Counts>(
    `SELECT n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot, n_tup_del::int AS deletes, n_tup_ins::int AS inserts
       FROM pg_stat_user_tables WHERE relname = $1`,
    [table],
  )
  return counts ?? { updates: 0, hot: 0, deletes: 0, inserts: 0 }
}

/** How the counts have grown. An earlier test can have used the same database. */
function growth(now: Counts, before: Counts): Counts {
  return {
    updates: now.updates - before.updates,
    hot: now.hot - before.hot,
    deletes: now.deletes - before.deletes,
    inserts: now.inserts - before.inserts,
  }
}

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 250 })

farmTest('the messages of a running job write no index, and its end adds one row to the history', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  const [open, history] = [await countsOf(farm, 'OpenAttempt'), await countsOf(farm, 'FinishedAttempt')]
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  const messages = 12 // all versions of the row fit in half a page
  for (let count = 0; count < messages; count++) {
    if (count > 0) farm.wait(31) // so long after the last renewal, a message renews the lease
    const steps = count === messages - 1 ? [{ exit: 0, milliseconds: 5, logBytes: 0 }] : []
    expect(await farm.say(vax, offer, '', { steps })).toMatchObject({ kind: 'ok' })
  }
  await eventually(async () => {
    const { updates, hot } = growth(await countsOf(farm, 'OpenAttempt'), open)
    // Two more updates are not HOT: the sources were ready, and the claim chose a slot. The last message has two updates.
    expect([updates, hot]).toEqual([messages + 3, messages + 1])
  })
  expect(await farm.end(vax, offer, { exits: [0, 2] })).toMatchObject({ kind: 'finished' })
  await farm.failures.examine({ jobId: offer.jobId, number: 1 })
  await eventually(async () => {
    expect(growth(await countsOf(farm, 'OpenAttempt'), open)).toMatchObject({ deletes: 1 })
    expect(growth(await countsOf(farm, 'FinishedAttempt'), history)).toEqual({
      inserts: 1,
      updates: 0,
      hot: 0,
      deletes: 0,
    })
  })
})

const planOf = async (farm: TestFarm, query: string): Promise<string> =>
  (await farm.sql<{ 'QUERY PLAN': string }>(`EXPLAIN ${query}`)).map(row => row['QUERY PLAN']).join('\n')

farmTest(
  'a query of open attempts reads no history, and a query of ended attempts reads no open ones',
  async ({ farm }) => {
    for (const open of [`"state" <> 'finished'`, `"state" IN ('leased', 'running')`, `"state" = 'queued'`])
      expect(await planOf(farm, `SELECT FROM "Attempt" WHERE ${open}`)).not.toContain('FinishedAttempt')
    for (const ended of [`"state" = 'finished'`, `"verdict" = 'passed'`, '"verdict" IS NOT NULL'])
      expect(await planOf(farm, `SELECT FROM "Attempt" WHERE ${ended}`)).not.toContain('OpenAttempt')
    await farm.sql('SET enable_seqscan = off')
    const newest = await planOf(
      farm,
      `SELECT FROM "Job" job JOIN LATERAL (SELECT * FROM "Attempt" WHERE "jobId" = job."id" ORDER BY "number" DESC LIMIT 1) a ON true`,
    )
    expect(newest).toMatch(/Index (Only )?Scan Backward using "FinishedAttempt_pkey"/)
    // Without rows, all indexes with this column cost the same.
    expect(newest).toMatch(/Index (Only )?Scan using \S+ on "OpenAttempt".*\n *Index Cond: \("jobId" = job.id\)/)
  },
)

farmTest('the hot tables and the big tables have their own settings for autovacuum', async ({ farm }) => {
  const rows = await farm.sql<{ name: string; options: string[] }>(
    `SELECT relname AS name, reloptions AS options FROM pg_class WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL`,
  )
  const options = new Map(rows.map(row => [row.name, row.options]))
  expect(options.get('OpenAttempt')).toEqual(
    expect.arrayContaining(['fillfactor=50', 'vacuum_truncate=off', 'autovacuum_vacuum_scale_factor=0']),
  )
  for (const hot of ['Host', 'Slot', 'HostTurn']) expect(options.get(hot)).toContain('fillfactor=70')
  for (const hot of ['OpenAttempt', 'Host', 'Slot', 'HostTurn', 'Examination', 'StatusChange'])
    expect(
      options.get(hot)?.some(option => /^autovacuum_vacuum_threshold=/.test(option)),
      hot,
    ).toBe(true)
  for (const big of ['FinishedAttempt', 'Job', 'Build', 'Failure'])
    expect(
      options.get(big)?.some(option => /^autovacuum_vacuum_insert_scale_factor=0\.0/.test(option)),
      big,
    ).toBe(true)
})

farmTest('a log can have more bytes than fit in 32 bits, and the number stays a number', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  await farm.end(vax, offer)
  await farm.sql('UPDATE "FinishedAttempt" SET "logBytes" = 5000000000')
  expect((await farm.builds.findJob(offer.jobId))?.attempts[0]?.logBytes).toBe(5_000_000_000)
})

/** docs/decisions/0037-open-attempts.md says how long each of them lasts. The numbers of all other tables have 64 bits. */
const narrow = [
  ...['Acknowledgement', 'ApiToken', 'Bisection', 'Build', 'Delivery', 'Host', 'HostFacts', 'Invitation', 'Login'],
  ...['Notification', 'Problem', 'ProblemCell', 'PullRequest', 'Push', 'ScheduleRun', 'Subscription', 'Test'],
]

farmTest('only sequences that last for many years have 32 bits', async ({ farm }) => {
  const sequences = await farm.sql<{ name: string; type: string }>(
    `SELECT sequencename AS name, data_type::text AS type FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1`,
  )
  expect(
    sequences
      .filter(({ type }) => type === 'integer')
      .map(({ name }) => name.replace(/_id_seq$/, ''))
      .sort(),
  ).toEqual(narrow)
  const columns = await farm.sql(
    `SELECT table_name, column_name FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type = 'integer' AND (column_name ~* 'jobid$' OR table_name = 'Job' AND column_name = 'id')`,
  )
  expect(columns, 'columns with the number of a job').toEqual([])
})

farmTest(
  'if an attempt ends while the farm adds an attempt with the same number, the farm adds none',
  async ({ farm }) => {
    await farm.configure()
    await farm.host('vax')
    await farm.build(commitOf('a'))
    const url = farm.databaseUrl
    const db = openDatabase({ url, connectionsMax: 2, limits: { waitMs: 5_000, statementMs: 10_000 } })
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    await other.query('BEGIN')
    await other.query(`WITH open AS (DELETE FROM "OpenAttempt" RETURNING *)
    INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "queuedAt", "verdict", "finishedAt")
    SELECT "jobId", "number", "hostId", "queuedAt", 'passed', now() FROM open`)
    await other.query(`UPDATE "Job" SET "status" = 'passed'`)
    const adding = inTransaction({ db, emit: () => {}, now: farm.now }, tx =>
      addAttempts(
        tx,
        sql`SELECT "id" AS "jobId", 1 AS "number", "hostId", 'queued' AS "state", now() AS "queuedAt", 'retry' AS "purpose", 30 AS "priority",
                 false AS "fork", 'sample' AS "projectName", "buildId" FROM "Job"`,
      ),
    )
    await eventually(async () =>
      expect(await farm.sql(`SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()`)).toHaveLength(1),
    )
    await other.query('COMMIT')
    expect(await adding).toEqual([])
    expect(await farm.sql('SELECT "number", "state" FROM "Attempt"')).toEqual([{ number: 1, state: 'finished' }])
    await other.end()
    await db.close()
  },
)

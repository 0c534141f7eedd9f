import { expect, test } from 'vitest'
import { nextAttemptsQuery } from '../src/attempts/next-attempts.ts'
import { type Db, type OpenDatabase, openDatabase } from '../src/db/client.ts'
import { raw, type Sql, sql } from '../src/db/sql.ts'
import { statementName, statementNames } from '../src/db/statement-names.ts'
import { commitOf, farmTest, type TestFarm } from './farm-test.ts'
import { countRows } from './rows-read.ts'

const find = sql`SELECT "number" FROM "OpenAttempt" WHERE "jobId" = ${1}`

/** Runs the statement while one job is open. Then 4,000 jobs wait, and `look` gets the connection with the plan of that time. */
async function later<Result>(
  farm: TestFarm,
  statement: Sql,
  options: Partial<OpenDatabase>,
  look: (db: Db, execute: string) => Promise<Result>,
): Promise<Result> {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.sql('VACUUM ANALYZE "OpenAttempt"')
  const limits = { waitMs: 5_000, statementMs: 10_000 }
  const db = openDatabase({ url: farm.databaseUrl, connectionsMax: 1, limits, ...options })
  // PostgreSQL plans the first five times with the values, if it may choose.
  for (let times = 0; times < 8; times++) await db.query`${statement}`
  await farm.sql(`INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "state", "queuedAt", "projectName", "buildId")
    SELECT n, 1, 1 + n % 100, 'queued', now(), 'sample', 1 FROM generate_series(1001, 5000) n`)
  try {
    return await look(db, `EXECUTE "${statementName(statement.text)}"(${statement.values.join(', ')})`)
  } finally {
    await db.close()
  }
}

const laterPlan = (farm: TestFarm, options: Partial<OpenDatabase>): Promise<string> =>
  later(farm, find, options, async (db, execute) => {
    const lines = await db.query<{ 'QUERY PLAN': string }>`EXPLAIN ${raw(execute)}`
    return lines.map(line => line['QUERY PLAN']).join('\n')
  })

farmTest('a connection plans its statements again after some time', async ({ farm }) => {
  expect(await laterPlan(farm, { replanMs: 0 })).toContain('Index Scan')
})

farmTest('a connection for commands uses indexes from the beginning', async ({ farm }) => {
  expect(await laterPlan(farm, { plansByIndex: true })).toContain('Index Scan')
})

farmTest('a claim reads few rows, even if its plan is from a time when one job was open', async ({ farm }) => {
  const rows = await later(farm, nextAttemptsQuery(1), { plansByIndex: true }, (db, execute) =>
    countRows({ sql: text => db.query`${raw(text)}` }, execute),
  )
  expect(rows).toBeLessThan(100)
})

test('the statements of a pool have names, at most 300, and those of another pool do not count', () => {
  const [nameOf, ofAnotherPool] = [statementNames(), statementNames()]
  const texts = Array.from({ length: 301 }, (_, number) => `SELECT ${number}`)
  expect(new Set(texts.map(nameOf)).size).toBe(301) // 300 names, and undefined
  expect(nameOf('SELECT 0')).toBe(statementName('SELECT 0'))
  expect(nameOf('SELECT 300')).toBeUndefined()
  expect(ofAnotherPool('SELECT 300')).toBe(statementName('SELECT 300'))
})

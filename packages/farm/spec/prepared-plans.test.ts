import { expect } from 'vitest'
import { openDatabase } from '../src/db/client.ts'
import { nameStatement } from '../src/db/statement-names.ts'
import { commitOf, farmTest, type TestFarm } from './farm-test.ts'

/** The plan of a statement that was prepared when one job was open, now that 4,000 jobs wait. */
async function laterPlan(farm: TestFarm, replanMs: number): Promise<string> {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.sql('VACUUM ANALYZE "OpenAttempt"')
  const limits = { waitMs: 5_000, statementMs: 10_000 }
  const db = openDatabase({ url: farm.databaseUrl, connectionsMax: 1, limits, replanMs })
  const find = () => db.query`SELECT "number" FROM "OpenAttempt" WHERE "jobId" = ${1}`
  for (let times = 0; times < 8; times++) await find() // PostgreSQL plans the first five times with the value
  await farm.sql(`INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "state", "queuedAt", "projectName", "buildId")
    SELECT n, 1, 1, 'queued', now(), 'sample', 1 FROM generate_series(1001, 5000) n`)
  const name = nameStatement('SELECT "number" FROM "OpenAttempt" WHERE "jobId" = $1')
  const lines = await db.query<{ 'QUERY PLAN': string }>(
    Object.assign([`EXPLAIN EXECUTE "${name}"(1)`], { raw: [] }) as unknown as TemplateStringsArray,
  )
  await db.close()
  return lines.map(line => line['QUERY PLAN']).join('\n')
}

farmTest('a connection plans its statements again after some time', async ({ farm }) => {
  expect(await laterPlan(farm, 0)).toContain('Index Scan')
})

farmTest('PostgreSQL alone keeps the plan of a time when one job was open', async ({ farm }) => {
  expect(await laterPlan(farm, 60_000)).toContain('Seq Scan')
})

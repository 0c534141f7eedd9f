import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEmptyDatabase, withClient } from '../../../test/support/postgres.ts'
import { migrate } from '../src/db/migrate.ts'
import { migrationsDirectory, readMigrations } from '../src/db/migrations/files.ts'

const splits = '_open_attempts'

/** A directory with the migrations before the one that makes two tables of attempts. */
async function earlierMigrations(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-earlier-'))
  const names = (await readMigrations(migrationsDirectory())).map(({ name }) => name)
  const earlier = names.slice(
    0,
    names.findIndex(name => name.endsWith(splits)),
  )
  for (const name of earlier) await cp(join(migrationsDirectory(), name), join(directory, name), { recursive: true })
  return directory
}

test('the migration keeps the attempts of each state, with their files and fingerprints', async () => {
  const database = await createEmptyDatabase()
  const directory = await earlierMigrations()
  await migrate(database.url, directory)
  await rm(directory, { recursive: true })
  await withClient(database.url, async client => {
    await client.query(`
      INSERT INTO "Project" ("name", "config", "configHash", "updatedAt") VALUES ('sample', '{}', 'c', now());
      INSERT INTO "Recipe" ("hash", "body") VALUES ('r', '{}');
      INSERT INTO "Host" ("id", "name", "credentialHash", "facts", "slots", "agentVersion", "enrolledAt", "lastSeenAt")
      VALUES (1, 'vax', 'c', '{}', 9, '1', now(), now());
      INSERT INTO "Build" ("id", "projectName", "commit", "branch", "createdAt", "recipeHash") VALUES (1, 'sample', 'a', 'main', now(), 'r');
      INSERT INTO "Job" ("id", "buildId", "projectName", "hostId", "arch", "variant", "recipeHash", "status")
      SELECT n, 1, 'sample', 1, 'arch-' || n, 'default', 'r', (ARRAY['open', 'open', 'open', 'open', 'failed', 'passed'])[n] FROM generate_series(1, 6) n;
      INSERT INTO "Attempt" ("jobId", "number", "hostId", "state", "queuedAt", "slot", "claim", "lease", "leaseUntil", "steps", "projectName", "buildId")
      VALUES (1, 1, 1, 'waiting', now(), NULL, NULL, NULL, NULL, '[]', 'sample', 1), (2, 1, 1, 'queued', now(), NULL, NULL, NULL, NULL, '[]', 'sample', 1),
             (3, 1, 1, 'leased', now(), 1, 3, 'l3', now(), '[]', 'sample', 1), (4, 2, 1, 'running', now(), 2, 4, 'l4', now(), '[{"exit": 0}]', 'sample', 1);
      INSERT INTO "Attempt" ("jobId", "number", "hostId", "state", "queuedAt", "finishedAt", "verdict", "lease", "slot", "reason", "logBytes", "fingerprint")
      VALUES (4, 1, 1, 'finished', now(), now(), 'lost', 'l0', 2, 'lease-expired', 0, NULL), (5, 1, 1, 'finished', now(), now(), 'failed', 'l5', 2, 'exit', 77, 'f'),
             (6, 1, 1, 'finished', now(), now(), 'passed', 'l6', 2, 'exit', 88, NULL);
      INSERT INTO "Failure" ("jobId", "number", "projectName", "buildId", "hostId", "arch", "variant", "step", "exit", "fingerprint", "rule",
                             "text", "message", "line", "excerpt", "errors", "createdAt")
      VALUES (5, 1, 'sample', 1, 1, 'arch-5', 'default', 'build', 1, 'f', 'C1', 't', 'm', 1, '{}', 1, now());
      INSERT INTO "Artifact" ("jobId", "number", "name", "bytes") VALUES (4, 2, 'open.txt', 1), (6, 1, 'ended.txt', 2)`)
  })

  expect((await migrate(database.url))[0]).toMatch(splits)
  await withClient(database.url, async client => {
    const { rows } = await client.query(`
      SELECT "jobId"::int AS job, "number", "state", "lease", "slot", "verdict", "reason", "logBytes"::int AS bytes, "fingerprint", "steps",
             (SELECT string_agg("name", ' ') FROM "Artifact" file WHERE file."jobId" = a."jobId" AND file."number" = a."number") AS files
        FROM "Attempt" a ORDER BY 1, 2`)
    const none = {
      lease: null,
      slot: null,
      verdict: null,
      reason: null,
      bytes: 0,
      fingerprint: null,
      steps: [],
      files: null,
      number: 1,
    }
    const ended = { ...none, state: 'finished', slot: 2 }
    expect(rows).toEqual([
      { ...none, job: 1, state: 'waiting' },
      { ...none, job: 2, state: 'queued' },
      { ...none, job: 3, state: 'leased', lease: 'l3', slot: 1 },
      { ...ended, job: 4, verdict: 'lost', reason: 'lease-expired', lease: 'l0' },
      { ...none, job: 4, number: 2, state: 'running', lease: 'l4', slot: 2, steps: [{ exit: 0 }], files: 'open.txt' },
      { ...ended, job: 5, verdict: 'failed', reason: 'exit', lease: 'l5', bytes: 77, fingerprint: 'f' },
      { ...ended, job: 6, verdict: 'passed', reason: 'exit', lease: 'l6', bytes: 88, files: 'ended.txt' },
    ])
    const tables = `SELECT (SELECT count(*)::int FROM "OpenAttempt") AS open, (SELECT count(*)::int FROM "FinishedAttempt") AS ended`
    expect((await client.query(tables)).rows).toEqual([{ open: 4, ended: 3 }])
  })
  await database.drop()
})

test('the history can become the first partition without a copy of its rows, and a partition is dropped at once', async () => {
  const database = await createEmptyDatabase()
  await migrate(database.url)
  await withClient(database.url, async client => {
    const add = (jobId: number) =>
      client.query(
        `INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "queuedAt", "finishedAt", "verdict")
        VALUES ($1, 1, 1, now(), now(), 'passed')`,
        [jobId],
      )
    const file = async (table: string) =>
      (await client.query('SELECT pg_relation_filenode($1::regclass) AS file', [`"${table}"`])).rows[0]?.file
    await add(1)
    const before = await file('FinishedAttempt')
    await client.query(`
      ALTER TABLE "FinishedAttempt" RENAME TO "FinishedAttempt_1";
      CREATE TABLE "FinishedAttempt" (LIKE "FinishedAttempt_1" INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE ("jobId");
      ALTER TABLE "FinishedAttempt" ADD PRIMARY KEY ("jobId", "number");
      ALTER TABLE "FinishedAttempt" ATTACH PARTITION "FinishedAttempt_1" FOR VALUES FROM (MINVALUE) TO (1000);
      CREATE TABLE "FinishedAttempt_2" PARTITION OF "FinishedAttempt" FOR VALUES FROM (1000) TO (MAXVALUE)`)
    expect(await file('FinishedAttempt_1')).toBe(before)
    const [view] = (await client.query(`SELECT pg_get_viewdef('"Attempt"'::regclass) AS text`)).rows
    await client.query(
      `CREATE OR REPLACE VIEW "Attempt" AS ${view.text.replaceAll('"FinishedAttempt_1"', '"FinishedAttempt"')}`,
    )
    await add(2_000)
    const jobs = async () =>
      (await client.query('SELECT "jobId"::int AS job FROM "Attempt" ORDER BY 1')).rows.map(row => row.job)
    expect(await jobs()).toEqual([1, 2_000])
    await client.query('DROP TABLE "FinishedAttempt_1"')
    expect(await jobs()).toEqual([2_000])
  })
  await database.drop()
})

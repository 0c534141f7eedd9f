import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startBucket } from '../support/bucket.ts'
import { runFarm } from '../support/farm-command.ts'
import { createTestDatabase, withClient } from '../support/postgres.ts'

const oneJob = `
  INSERT INTO "Project" (name, config, "configHash", "updatedAt") VALUES ('base', '{}', 'hash', now());
  INSERT INTO "Host" (name, "credentialHash", facts, "agentVersion", "enrolledAt", "lastSeenAt")
    VALUES ('vax', 'secret', '{}', '1.0.0', now(), now());
  INSERT INTO "Recipe" VALUES ('recipe', '{"steps": []}');
  INSERT INTO "Build" ("projectName", commit, "createdAt") VALUES ('base', 'c', now());
  INSERT INTO "Job" ("buildId", "projectName", "hostId", arch, variant, "recipeHash") VALUES (1, 'base', 1, 'vax', '', 'recipe');
  INSERT INTO "FinishedAttempt" ("jobId", number, "hostId", "queuedAt", "finishedAt", verdict, "logBytes")
    VALUES (1, 1, 1, now(), now(), 'passed', 4)`
/** A server that runs during the whole test. Its last message is in the future, because `./farm` can take a minute on a busy machine. */
const serverOf = (storage: string) => `
  INSERT INTO "Server" (id, name, migration, queues, storage, "secretSum", "startedAt", "seenAt")
  VALUES ('1', 'alpha', '', 'postgres', '${storage}', '', now(), now() + interval '10 minutes')`

test('./farm storage copy copies each file to the bucket that STORAGE_URL names, even if another bucket has it', {
  timeout: 120_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-storage-'))
  const [database, bucket] = [await createTestDatabase(), await startBucket()]
  onTestFinished(async () => {
    rmSync(directory, { recursive: true })
    await bucket.close()
    await database.drop()
  })
  const query = (sql: string) => withClient(database.url, async client => void (await client.query(sql)))
  const environment = { ...bucket.environment, RUMPFARM_DATA: directory, DATABASE_URL: database.url }
  const copy = (url: string) => runFarm({ ...environment, STORAGE_URL: url }, 'storage', 'copy')
  await query(oneJob)
  mkdirSync(join(directory, 'logs/0'), { recursive: true })
  writeFileSync(join(directory, 'logs/0/1.1.log'), 'one\n')
  const all = `The bucket has all logs and artifacts of ${join(directory, 'logs')}\n`

  expect(await copy(bucket.url.replace('farm-files', 'missing'))).toEqual([
    1,
    expect.stringMatching(/^farm: .* NoSuchBucket: .*\. Create the bucket, or correct its name in STORAGE_URL\n$/),
  ])
  const wrong = bucket.url.replace('/farm?', '/frm?')
  const copied = `copied 1 file (0 MB), 0 were there, 0 belong to no job, 0 failed\n${all}`
  expect(await copy(wrong)).toEqual([0, copied])
  expect(await copy(bucket.url)).toEqual([0, copied])
  expect(await copy(bucket.url)).toEqual([0, copied.replace('1 file (0 MB), 0', '0 files (0 MB), 1')])

  await query(serverOf('bucket farm-files/farm/'))
  expect(await copy(wrong)).toEqual([
    1,
    'farm: the server alpha uses another bucket. Set STORAGE_URL to that bucket, or stop the servers first\n',
  ])
  expect((await copy(bucket.url))[0]).toBe(0)
})

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startBucket } from '../support/bucket.ts'
import { runFarm } from '../support/farm-command.ts'
import { createEmptyDatabase, createTestDatabase } from '../support/postgres.ts'

test('a backup can be written to a bucket, checked there, and restored from there', { timeout: 240_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-bucket-'))
  chmodSync(directory, 0o711) // if root runs the test, the account of PostgreSQL needs access
  const [old, next, bucket] = [await createTestDatabase(), await createEmptyDatabase(), await startBucket()]
  onTestFinished(async () => {
    rmSync(directory, { recursive: true })
    await bucket.close()
    await old.drop()
    await next.drop()
  })
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = bucket.environment
  const own = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, FARM_FILE: join(directory, 'farm.yaml') }
  const environment = { ...own, RUMPFARM_DATA: join(directory, 'old'), DATABASE_URL: old.url }
  const moved = {
    ...own,
    RUMPFARM_DATA: join(directory, 'new'),
    DATABASE_URL: next.url,
    FARM_FILE: join(directory, 'new.yaml'),
  }
  writeFileSync(join(directory, 'farm.yaml'), 'projects: {}\n')
  const address = bucket.url.replace('/farm?', '/backups/farm.tar?')

  expect(await runFarm(moved, 'restore', address)).toEqual([1, 'farm: the bucket has no backup backups/farm.tar\n'])
  expect(await runFarm(environment, 'backup', address)).toEqual([
    0,
    `${address} has 0 builds, 0 jobs, 0 hosts, and a list of 0 files of logs and artifacts (0 MB)\n`,
  ])
  expect(existsSync('s3:')).toBe(false)
  expect(await runFarm(moved, 'backup', '--verify', address)).toEqual([0, expect.stringContaining('is whole')])
  expect(await runFarm(moved, 'restore', address)).toEqual([0, expect.stringMatching(/^restored the farm of /)])
  expect(readFileSync(join(directory, 'new.yaml'), 'utf8')).toBe('projects: {}\n')

  const embedded = { ...own, RUMPFARM_DATA: join(directory, 'embedded') }
  expect(await runFarm(embedded, 'backup', bucket.url.replace('/farm?', '?'))).toEqual([
    1,
    expect.stringContaining('the address of the backup has no name'),
  ])
  bucket.goAway()
  expect(await runFarm(environment, 'backup', address)).toEqual([
    1,
    expect.stringMatching(/^farm: the bucket does not take the request put: [^\n]*\n$/),
  ])
})

// The farm compresses the logs of ended attempts, and compares them with the checksums of their hosts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { attemptOf, bucketTest, commitOf, farmTest, project, type TestFarm } from './farm-test.ts'

const log = 'cc -O2 -c file.c -o file.o\n'.repeat(2000)

async function running(farm: TestFarm) {
  const { limits } = project()
  await farm.configure(project({ limits: { ...limits, logBytes: 10_000_000 } }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  return { vax, offer: (await vax.claim(1)) as Offer }
}

const pathOf = (farm: TestFarm, name: string) => join(farm.logsDirectory, '0', name)
const waiting = async (farm: TestFarm) => (await farm.sql('SELECT * FROM "LogToPack"')).length
const stored = async (farm: TestFarm, offer: Offer) => {
  const attempt = attemptOf(offer)
  return text(farm.attempts.readLog(attempt, 0, await farm.attempts.logSize(attempt)))
}

/** Replaces a line in the middle of a stored log. */
function change(path: string): void {
  const bytes = readFileSync(path)
  bytes.write('XX', Math.floor(bytes.length / 2))
  writeFileSync(path, bytes)
}

async function compressesLog(farm: TestFarm): Promise<void> {
  const { vax, offer } = await running(farm)
  await farm.say(vax, offer, log)
  expect(await farm.end(vax, offer, { log })).toEqual({ kind: 'finished', verdict: 'passed' })
  await farm.logsPacked()
  expect((await farm.attempts.gzipLog(attemptOf(offer)))?.bytes).toBeLessThan(log.length / 10)
  expect(await stored(farm, offer)).toBe(log)
  expect(await waiting(farm)).toBe(0)
  expect((await farm.builds.findJob(1))?.attempts[0]).toMatchObject({ logDamagedAt: null, logBytes: log.length })
}

farmTest('in a directory, the farm compresses the log of an ended attempt', ({ farm }) => compressesLog(farm))
bucketTest('in a bucket, the farm compresses the log of an ended attempt', ({ farm }) => compressesLog(farm))

farmTest(
  'if the bytes of a log change on the disk before its end, the farm says that the log is damaged',
  async ({ farm }) => {
    const { vax, offer } = await running(farm)
    await farm.say(vax, offer, log)
    change(pathOf(farm, '1.1.log'))
    expect(await farm.end(vax, offer, { log })).toEqual({ kind: 'finished', verdict: 'passed' })
    await farm.logsPacked()
    expect((await farm.builds.findJob(1))?.attempts[0]).toMatchObject({ logDamagedAt: farm.now() })
    expect(farm.events).toContainEqual({ kind: 'log-damaged', attempt: '1.1', file: '0/1.1.log' })
    expect([existsSync(pathOf(farm, '1.1.log')), await waiting(farm)]).toEqual([true, 0])
  },
)

farmTest('if the bytes of a small log change on the disk, the host sends the log again', async ({ farm }) => {
  const { vax, offer } = await running(farm)
  await farm.say(vax, offer, 'one\ntwo\n')
  change(pathOf(farm, '1.1.log'))
  expect(await farm.end(vax, offer, { log: 'one\ntwo\n' })).toEqual({ kind: 'log-incomplete', size: 0 })
  await farm.say(vax, offer, 'one\ntwo\n')
  expect(await farm.end(vax, offer, { log: 'one\ntwo\n' })).toEqual({ kind: 'finished', verdict: 'passed' })
  expect([await stored(farm, offer), await waiting(farm)]).toEqual(['one\ntwo\n', 0])
})

farmTest(
  'a server compresses the log that another server left, and compares it with the checksum of the host',
  async ({ farm }) => {
    const { vax, offer } = await running(farm)
    await farm.say(vax, offer, log)
    await farm.end(vax, offer, { log })
    await farm.logsPacked()
    const add = `INSERT INTO "LogToPack" VALUES (1, 1, $1)`
    writeFileSync(pathOf(farm, '1.1.log'), log)
    await farm.sql(add, [farm.now()])
    await farm.tidyStorage()
    await farm.logsPacked()
    expect([existsSync(pathOf(farm, '1.1.log')), await waiting(farm)]).toEqual([false, 0])

    writeFileSync(pathOf(farm, '1.1.log'), log)
    change(pathOf(farm, '1.1.log'))
    await farm.sql(add, [new Date(farm.now().getTime() + 1000)])
    await farm.tidyStorage()
    await farm.logsPacked()
    expect(await waiting(farm)).toBe(1)
    farm.wait(1)
    await farm.tidyStorage()
    await farm.logsPacked()
    expect([await waiting(farm), (await farm.builds.findJob(1))?.attempts[0]?.logDamagedAt]).toEqual([0, farm.now()])
  },
)

farmTest(
  'the farm compresses no log while a server of an older version runs, which could not read it',
  async ({ farm }) => {
    const { vax, offer } = await running(farm)
    await farm.sql(
      `INSERT INTO "Server" ("id", "name", "migration", "queues", "storage", "secretSum", "startedAt", "seenAt")
     VALUES ('old', 'old', '20261130123000_storage_in_a_bucket', 'postgres', 'directory', 'x', $1, $1)`,
      [farm.now()],
    )
    await farm.say(vax, offer, log)
    await farm.end(vax, offer, { log })
    await farm.logsPacked()
    expect([await farm.attempts.gzipLog(attemptOf(offer)), await waiting(farm)]).toEqual([undefined, 1])
    expect(await stored(farm, offer)).toBe(log)
  },
)

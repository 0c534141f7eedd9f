// `./farm storage copy` with a real database and a real storage.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { cksum } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import { startBucket } from '../../../test/support/bucket.ts'
import { isStorageAway, openBucket } from '../../storage/src/index.ts'
import { copyToBucket, type Offer, openFarm } from '../src/index.ts'
import { attemptOf, commitOf, farmTest, leaseSeconds } from './farm-test.ts'

const long = 'a line of the log\n'.repeat(100_000)

farmTest(
  'a copy continues after a failure and copies only what is new; then the farm continues with the bucket',
  async ({ farm }) => {
    const testBucket = await startBucket()
    const bucket = await openBucket(testBucket.place, testBucket.credentials)
    const request = {
      databaseUrl: farm.databaseUrl,
      bucket,
      storage: 'bucket farm-files/farm/',
      directory: farm.logsDirectory,
    }
    const copy = async () => {
      const { copied, present, unknown, failures } = await copyToBucket(request)
      return { copied, present, unknown, failures }
    }
    await farm.configure()
    const [vax, mips] = [await farm.host('vax'), await farm.host('mips')]
    await farm.sql(`SELECT setval('"Job_id_seq"', 999999999)`) // the copy also has jobs with ten digits
    await farm.build(commitOf('a'))
    const ended = (await vax.claim(1)) as Offer
    await farm.say(vax, ended, long)
    await farm.end(vax, ended, { log: long })
    await farm.logsPacked()
    const running = (await mips.claim(1)) as Offer
    await farm.say(mips, running, 'begin\n')
    mkdirSync(join(farm.logsDirectory, '7'))
    writeFileSync(join(farm.logsDirectory, '7', '7001.1.log'), 'of a job that the database does not have\n')

    testBucket.goAway()
    expect(isStorageAway(await copyToBucket(request).catch((error: Error) => error))).toBe(true)
    testBucket.comeBack()
    expect(await copy()).toMatchObject({ unknown: 1, failures: 0 })
    expect(await copy()).toEqual({ copied: 0, present: 2, unknown: 1, failures: 0 })
    await farm.say(mips, running, 'more\n', { offset: 6 })
    expect(await copy()).toEqual({ copied: 1, present: 1, unknown: 1, failures: 0 })

    const { databaseUrl, logsDirectory, now } = farm
    const secret = 'a secret of at least thirty-two characters'
    const next = openFarm({ databaseUrl, logsDirectory, bucket, secret, leaseSeconds, now })
    expect(await text(next.attempts.readLog(attemptOf(ended), 0, long.length))).toBe(long)
    expect((await next.attempts.gzipLog(attemptOf(ended)))?.bytes).toBeLessThan(long.length / 10)
    const message = { ...attemptOf(running), hostId: mips.id, lease: running.lease, steps: [] }
    const bytes = Buffer.from('end\n')
    const crc = (all: string) => ({ kind: 'crc' as const, value: String(cksum(Buffer.from(all))) })
    expect(await next.attempts.recordProgress({ ...message, offset: 11, bytes, checksum: crc('end\n') })).toMatchObject(
      { kind: 'ok', size: 15 },
    )
    const steps = [1, 2, 3].map(milliseconds => ({ exit: 0, milliseconds, logBytes: 15 }))
    expect(
      await next.attempts.finish({
        ...message,
        steps,
        reason: 'exit',
        logBytes: 15,
        checksum: crc('begin\nmore\nend\n'),
      }),
    ).toEqual({ kind: 'finished', verdict: 'passed' })
    expect(await text(next.attempts.readLog(attemptOf(running), 0, 15))).toBe('begin\nmore\nend\n')
    await next.close()
    bucket.close()
    await testBucket.close()
  },
)

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { hasPgBouncer, startPgBouncer } from '../../../test/support/pgbouncer.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { asReader } from '../src/db/callers.ts'
import { isGivenUp } from '../src/db/errors.ts'
import { openPools } from '../src/db/pools.ts'
import { openFarm } from '../src/index.ts'
import { commitOf, project } from './farm-test.ts'

const skipped = 'PgBouncer is not installed: apt-get install pgbouncer'

test.skipIf(!hasPgBouncer)(`a farm works through PgBouncer in transaction mode (skipped if ${skipped})`, async () => {
  const database = await createTestDatabase()
  const bouncer = await startPgBouncer(database.url, 2)
  const options = { databaseUrl: bouncer.url, databasePooler: true }
  const logsDirectory = mkdtempSync(join(tmpdir(), 'pgbouncer-logs-'))
  const farm = openFarm({ ...options, logsDirectory, secret: 'the secret of the tests' })
  await farm.projects.applyConfiguration([project({ steps: [{ name: 'build', run: 'make' }] })])
  const invited = await farm.hosts.invite('vax')
  const token = invited.kind === 'invited' ? invited.token : ''
  const facts = { uname_s: 'NetBSD', uname_r: '10.0', uname_m: 'vax' }
  const enrolled = await farm.hosts.enroll({ token, nonce: 'n1', version: '9.9.9', facts })
  const credential = (enrolled.kind === 'enrolled' && enrolled.credential) || ''
  const hostId = (await farm.hosts.findByCredentials([credential])).get(credential)?.id ?? 0
  const arches = [{ arch: 'vax', kind: 'native', compiler: 'cc 1' } as const]
  await farm.hosts.hello({ hostId, instance: 'i', slots: 9, version: '9.9.9', facts, arches })
  const of = { kind: 'branch', branch: 'main' } as const
  // The same statements run on all connections at the same time. Prepared statements would fail here.
  const builds = await Promise.all(
    [...'abcdef'].map(letter => {
      const request = { project: 'sample', commit: commitOf(letter), of, cause: 'push', source: 'test' } as const
      return farm.builds.request({ ...request, deliveryId: letter })
    }),
  )
  for (const build of builds) {
    if (build.kind === 'built')
      await farm.builds.markSourcesReady(build.buildId, { sources: [], subject: '', author: '' })
  }
  const offers = await Promise.all(
    [1, 2, 3].map(slot => farm.attempts.lease({ hostId, instance: 'i', slot, claim: 1 })),
  )
  const read = await Promise.all(
    ['a', 'b', 'c'].map(client => asReader(client, new AbortController().signal, () => farm.matrix.load())),
  )
  const found = await farm.builds.find(1)

  expect(builds.map(({ kind }) => kind)).toEqual(Array(6).fill('built'))
  expect(offers.map(({ kind }) => kind)).toContain('offer')
  expect(read.map(({ projects }) => projects.length)).toEqual([1, 1, 1])
  expect(found).toMatchObject({ id: 1 })
  await farm.close()
  await bouncer.close()
  await database.drop()
  rmSync(logsDirectory, { recursive: true })
})

test.skipIf(!hasPgBouncer)(
  `through PgBouncer, a read ends after three seconds, and when its reader leaves`,
  async () => {
    const database = await createTestDatabase()
    const bouncer = await startPgBouncer(database.url, 4)
    const pools = openPools({ databaseUrl: bouncer.url, databasePooler: true })
    const sleeping = async () =>
      (
        await pools.tasks.query`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND state = 'active'
      AND datname = current_database() AND pid <> pg_backend_pid()`
      ).length
    const sleep = (client: string, signal = new AbortController().signal) =>
      asReader(client, signal, () => pools.own.query`SELECT pg_sleep(60)`).then(
        () => undefined,
        (error: unknown) => error,
      )
    const gone = new AbortController()
    const [stays, left] = [sleep('a'), sleep('b', gone.signal)]
    await vi.waitFor(async () => expect(await sleeping()).toBe(2), { timeout: 20_000 })
    gone.abort()
    expect(isGivenUp(await left)).toBe(true)
    expect(isGivenUp(await stays)).toBe(true)
    await vi.waitFor(async () => expect(await sleeping()).toBe(0), { timeout: 20_000 })
    await pools.close()
    await bouncer.close()
    await database.drop()
  },
)

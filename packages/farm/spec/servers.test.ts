import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, leaseSeconds, project, type TestFarm } from './farm-test.ts'
import { serverOf } from './server-facts.ts'

const names = async (farm: TestFarm) => (await farm.servers.list()).map(({ name }) => name)

/** A job whose host is lost, and the time since its last message. */
async function lostJob(farm: TestFarm): Promise<void> {
  const limits = { ...project().limits, lostAfterSeconds: 0, attempts: 1 }
  await farm.configure(project({ limits }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  await farm.say(vax, offer, '')
}

/** A server that runs for this time, and reports every two seconds that it is alive. */
async function run(farm: TestFarm, id: string, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 2) {
    farm.wait(2)
    await farm.servers.beat(serverOf(id), 0)
  }
}

farmTest('the list of servers has those that reported themselves within 10 s', async ({ farm }) => {
  await farm.servers.register(serverOf('one'))
  farm.wait(6)
  await farm.servers.register(serverOf('two'))
  expect(await names(farm)).toEqual(['one:8080', 'two:8080'])
  farm.wait(5)
  expect(await names(farm)).toEqual(['two:8080'])
  expect(await farm.servers.beat(serverOf('one'), 1234)).toMatchObject([
    { name: 'one:8080', clockAheadMs: 1234 },
    { name: 'two:8080', clockAheadMs: 0 },
  ])
  await farm.servers.remove('two')
  expect(await names(farm)).toEqual(['one:8080'])
})

farmTest('a server whose row was deleted while its machine slept adds itself again', async ({ farm }) => {
  await farm.servers.register(serverOf('one'))
  farm.wait(2 * 86_400)
  await farm.servers.register(serverOf('two'))
  await farm.servers.beat(serverOf('one'), 0)
  expect((await names(farm)).sort()).toEqual(['one:8080', 'two:8080'])
})

farmTest(
  'a server with another secret, other queues or another storage is refused beside the others',
  async ({ farm }) => {
    await farm.servers.register(serverOf('one'))
    for (const difference of [{ secretSum: 'other' }, { queues: 'postgres' as const }, { storage: 'directory 2' }]) {
      const outcome = await farm.servers.register(serverOf('two', difference))
      expect(outcome).toEqual({ kind: 'conflicts', conflicts: [expect.stringContaining('one:8080')] })
    }
    expect(await names(farm)).toEqual(['one:8080'])
    farm.wait(11)
    expect(await farm.servers.register(serverOf('two', { storage: 'directory 2' }))).toMatchObject({
      kind: 'registered',
    })
  },
)

farmTest('if a server starts after no server ran, it extends the leases', async ({ farm }) => {
  await lostJob(farm)
  await farm.servers.register(serverOf('one'))
  await run(farm, 'one', 20)
  farm.wait(86_400)
  expect(await farm.servers.register(serverOf('two'))).toEqual({ kind: 'registered', wasDown: true })
  await farm.attempts.expireLeases()
  expect(await farm.verdicts()).toEqual(['running'])
})

farmTest('a server that starts again and again beside another one extends no lease', async ({ farm }) => {
  await lostJob(farm)
  await farm.servers.register(serverOf('one'))
  for (let start = 0; start < leaseSeconds / 10 + 1; start++) {
    await run(farm, 'one', 10)
    expect(await farm.servers.register(serverOf(`crashed-${start}`))).toEqual({ kind: 'registered', wasDown: false })
  }
  await farm.attempts.expireLeases()
  expect(await farm.verdicts()).toEqual(['lost'])
})

farmTest(
  'a server alone that restarts at once extends no lease, so the lease of a lost host expires',
  async ({ farm }) => {
    await lostJob(farm)
    for (let start = 0; start < leaseSeconds / 5 + 1; start++) {
      const { kind, ...rest } = await farm.servers.register(serverOf(`start-${start}`))
      expect([kind, rest]).toEqual(['registered', { wasDown: start === 0 }])
      farm.wait(5)
    }
    await farm.attempts.expireLeases()
    expect(await farm.verdicts()).toEqual(['lost'])
  },
)

farmTest('a server must not continue after a migration that breaks it', async ({ farm }) => {
  const facts = serverOf('one', { migration: '99990101000000_known' })
  const apply = (name: string) =>
    farm.sql(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at") VALUES ($1, 'x', $1, now())`,
      [name],
    )
  await apply('99990102000000_more_expand')
  expect(await farm.servers.breakingMigration(facts)).toBeUndefined()
  await apply('99990103000000_renames')
  expect(await farm.servers.breakingMigration(facts)).toBe('99990103000000_renames')
})

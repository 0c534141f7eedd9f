import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { factsKeptMax } from '../src/hosts/hello.ts'
import { keptDays } from '../src/retention/old-rows.ts'
import { farmTest, type TestFarm } from './farm-test.ts'

const day = 86_400

test.each([
  ['messages', keptDays.messages],
  ['acknowledgements', keptDays.acknowledgements],
  ['invitations of hosts', keptDays.invitations],
])('docs/retention.md says how long the farm keeps %s', (what, days) => {
  const page = readFileSync(new URL('../../../docs/retention.md', import.meta.url), 'utf8')
  expect(page).toMatch(new RegExp(`\\| ${what}[^|]*\\| ${days} days after`))
})

const countOf = async (farm: TestFarm, table: string): Promise<number> => {
  const [row] = await farm.sql<{ count: number }>(`SELECT count(*)::int AS "count" FROM "${table}"`)
  return row?.count ?? 0
}

const message = (farm: TestFarm, subject: string, columns: string, problem: number | null = null) =>
  farm.sql(
    `INSERT INTO "Notification" ("event", "subject", "channel", "thread", "createdAt", "nextAt", "problemId", "deliveredAt", "gaveUpAt")
     VALUES ('fixed', $1, 'c', 't', $2, $2, $3, ${columns})`,
    [subject, farm.now(), problem],
  )

farmTest('messages stay half a year after their end, and those of open problems stay', async ({ farm }) => {
  await farm.sql(`
    INSERT INTO "Problem" ("projectName", "branch", "key", "verdict", "openedAt", "openedBuildId")
    VALUES ('sample', 'main', 'k', 'failed', now(), 1)`)
  await message(farm, 'sent', 'now(), NULL')
  await message(farm, 'given up', 'NULL, now()')
  await message(farm, 'waiting', 'NULL, NULL')
  await message(farm, 'of an open problem', 'now(), NULL', 1)
  farm.wait(keptDays.messages * day)
  await farm.retention.deleteOldRows()
  expect(await countOf(farm, 'Notification')).toBe(4)
  farm.wait(1)
  await farm.retention.deleteOldRows()
  expect(await farm.sql('SELECT "subject" FROM "Notification" ORDER BY "id"')).toEqual([
    { subject: 'waiting' },
    { subject: 'of an open problem' },
  ])
})

farmTest('old invitations, sessions and acknowledgements are deleted', async ({ farm }) => {
  await farm.configure()
  await farm.hosts.invite('vax')
  await farm.sql(
    `
    INSERT INTO "Login" ("linkHash", "tokenHash", "createdAt", "expiresAt") VALUES ('l', 't', $1, $1)`,
    [farm.now()],
  )
  await farm.sql(
    `
    INSERT INTO "Acknowledgement" ("projectName", "kind", "fingerprint", "note", "owner", "createdAt", "expiresAt")
    VALUES ('sample', 'fingerprint', 'f', '', '', $1, $1)`,
    [farm.now()],
  )
  const left = async () => [
    await countOf(farm, 'Invitation'),
    await countOf(farm, 'Login'),
    await countOf(farm, 'Acknowledgement'),
  ]
  await farm.retention.deleteOldRows()
  expect(await left()).toEqual([1, 1, 1])
  farm.wait(1)
  await farm.retention.deleteOldRows()
  expect(await left()).toEqual([1, 0, 1])
  farm.wait((keptDays.invitations + 10) * day)
  await farm.retention.deleteOldRows()
  expect(await left()).toEqual([0, 0, 1])
  farm.wait(keptDays.acknowledgements * day)
  await farm.retention.deleteOldRows()
  expect(await left()).toEqual([0, 0, 0])
})

farmTest('a host keeps a limited number of changes of its facts', async ({ farm }) => {
  const host = await farm.host('vax')
  await farm.sql(`
    INSERT INTO "HostFacts" ("hostId", "since", "facts")
    SELECT ${host.id}, timestamp '2020-01-01' + n * interval '1 hour', '{}' FROM generate_series(1, ${factsKeptMax + 20}) n`)
  await farm.hosts.hello({
    hostId: host.id,
    instance: 'vax-1',
    slots: 1,
    version: '1.0.0',
    facts: { uname_s: 'Changed' },
    arches: [],
  })
  expect(await countOf(farm, 'HostFacts')).toBe(factsKeptMax)
})

import { expect } from 'vitest'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'
import { configureWith, deliverAll, examineAll, mailTo, runNext, undeclared } from './outbox-farm.ts'

const titles = async (farm: TestFarm) => (await deliverAll(farm)).map(({ title }) => title)

farmTest('a new failure makes one message for all hosts, and its fix makes one message', async ({ farm }) => {
  await configureWith(farm, [mailTo()])
  const hosts = [await farm.host('vax'), await farm.host('sun'), await farm.host('alpha')]
  await farm.build(commitOf('a'))
  for (const host of hosts) await runNext(farm, host)
  expect(await deliverAll(farm)).toEqual([])

  const build = await farm.build(commitOf('b'))
  for (const host of hosts.slice(0, 2)) await runNext(farm, host, undeclared('x'))
  for (const host of hosts.slice(2)) await runNext(farm, host)
  expect(await deliverAll(farm), 'the farm has not examined the failure').toEqual([])
  await examineAll(farm)
  const [failing, ...others] = await deliverAll(farm)
  expect(others).toEqual([])
  expect(failing).toMatchObject({
    title: '[sample main] build step fails since bbbbbbb on 2 of 3 hosts',
    lines: expect.arrayContaining(["Error on vax amd64 default: a.c:7:3: error: 'x' undeclared", 'Hosts: sun, vax']),
    excerpt: expect.arrayContaining(["a.c:7:3: error: 'x' undeclared"]),
    links: expect.arrayContaining([{ text: `Build ${build}`, path: `/builds/${build}` }]),
    data: { type: 'newly-failing', project: 'sample', branch: 'main', hosts: ['vax', 'sun'] },
    thread: 'problem:1',
  })

  await farm.build(commitOf('c'))
  await runNext(farm, hosts[0] as never)
  expect(await titles(farm), 'one host still fails').toEqual([])
  await runNext(farm, hosts[1] as never)
  expect(await titles(farm)).toEqual(['[sample main] build step passes again on 2 hosts'])
})

farmTest(
  'a failure counts only after the confirming attempt, and a second commit makes no second message',
  async ({ farm }) => {
    await configureWith(farm, [mailTo()], { confirm: 1 })
    const vax = await farm.host('vax')
    await farm.build(commitOf('a'))
    await runNext(farm, vax)
    await farm.build(commitOf('b'))
    await runNext(farm, vax, undeclared('x'))
    await examineAll(farm)
    expect(await titles(farm)).toEqual([])
    await runNext(farm, vax, undeclared('x'))
    await examineAll(farm)
    expect(await titles(farm)).toEqual(['[sample main] build step fails since bbbbbbb on vax'])
    await farm.build(commitOf('c'))
    await runNext(farm, vax, undeclared('x'))
    await examineAll(farm)
    expect(await titles(farm)).toEqual([])
  },
)

farmTest('another failure of the same cell is another problem', async ({ farm }) => {
  await configureWith(farm, [mailTo()])
  const vax = await farm.host('vax')
  for (const [letter, log] of [['a'], ['b', undeclared('x')], ['c', undeclared('y')]] as const) {
    await farm.build(commitOf(letter))
    await runNext(farm, vax, log)
    await examineAll(farm)
  }
  const sent = await deliverAll(farm)
  expect(sent.map(({ thread }) => thread)).toEqual(['problem:1', 'problem:2'])
  expect(await farm.sql('SELECT "closedAt" IS NULL AS "open" FROM "Problem" ORDER BY "id"')).toEqual([
    { open: false },
    { open: true },
  ])
})

farmTest('two servers that examine failures at the same time open one problem and write one row', async ({ farm }) => {
  await configureWith(farm, [mailTo()])
  const hosts = await Promise.all(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map(name => farm.host(name)))
  await farm.build(commitOf('a'))
  for (const host of hosts) await runNext(farm, host)
  await farm.build(commitOf('b'))
  for (const host of hosts) await runNext(farm, host, undeclared('x'))
  const names = await farm.failures.listExaminations()
  const examine = (name: string) => {
    const [jobId = 0, number = 0] = name.split('.').map(Number)
    return farm.failures.examine({ jobId, number })
  }
  await Promise.all([...names, ...names].map(examine))
  expect(await farm.sql('SELECT count(*)::int AS "rows" FROM "Notification"')).toEqual([{ rows: 1 }])
  expect(await farm.sql('SELECT count(*)::int AS "cells" FROM "ProblemCell" WHERE "problemId" = 1')).toEqual([
    { cells: 6 },
  ])
  expect((await deliverAll(farm)).map(({ title }) => title)).toEqual([
    '[sample main] build step fails since bbbbbbb on 6 of 6 hosts',
  ])
})

farmTest('known failures and acknowledged failures make no message', async ({ farm }) => {
  const known = [{ because: 'no FPU', hosts: ['vax'], arches: ['*'], variants: ['*'] }]
  await configureWith(farm, [mailTo()], { knownFailures: known })
  const [vax, sun] = [await farm.host('vax'), await farm.host('sun')]
  await farm.build(commitOf('a'))
  await runNext(farm, vax)
  await runNext(farm, sun)
  await farm.build(commitOf('b'))
  await runNext(farm, vax, undeclared('x'))
  await examineAll(farm)
  expect(await titles(farm), 'a known failure').toEqual([])
  await runNext(farm, sun, undeclared('x'))
  await examineAll(farm)
  expect(await titles(farm), 'the same failure on a host where nobody expects it').toHaveLength(1)
})

farmTest('a removed host leaves its problem, and a closed problem can open again', async ({ farm }) => {
  await configureWith(farm, [mailTo()])
  const vax = await farm.host('vax')
  const run = async (letter: string, log?: string) => {
    await farm.build(commitOf(letter))
    await runNext(farm, vax, log)
    await examineAll(farm)
  }
  await run('a')
  await run('b', undeclared('x'))
  await run('c')
  await run('d', undeclared('x'))
  expect(await titles(farm)).toHaveLength(3)
  await farm.hosts.remove('vax')
  expect(await farm.sql('SELECT FROM "Problem" WHERE "closedAt" IS NULL')).toEqual([])
  expect(await titles(farm), 'nothing is fixed').toEqual([])
})

farmTest('a channel gets only its events, branches and projects', async ({ farm }) => {
  const other = {
    target: { kind: 'webhook', url: 'https://x.example.org/', secret: '$NOTIFY_X' },
    events: ['fixed'],
  } as const
  await farm.projects.applyConfiguration(
    [
      project({
        confirm: 0,
        notify: [mailTo('newly-failing'), { ...mailTo('newly-failing'), branches: ['release/*'] }],
      }),
    ],
    { notify: [{ ...other, events: [...other.events] }], notifyAfterSeconds: 0 },
  )
  const vax = await farm.host('vax')
  for (const [letter, log] of [['a'], ['b', undeclared('x')], ['c']] as const) {
    await farm.build(commitOf(letter))
    await runNext(farm, vax, log)
    await examineAll(farm)
  }
  const sent = await deliverAll(farm)
  expect(sent.map(({ title }) => title)).toEqual([
    '[sample main] build step fails since bbbbbbb on vax',
    '[sample main] build step passes again on 1 host',
  ])
  expect(new Set(sent.map(({ channel }) => channel)).size).toBe(2)
})

farmTest('a build is announced once, when its last job has ended and all logs are examined', async ({ farm }) => {
  await configureWith(farm, [mailTo('build')])
  const [vax, sun] = [await farm.host('vax'), await farm.host('sun')]
  const build = await farm.build(commitOf('a'))
  await runNext(farm, vax)
  expect(await titles(farm)).toEqual([])
  await runNext(farm, sun, undeclared('x'))
  expect(await titles(farm), 'the farm has not examined the log').toEqual([])
  await examineAll(farm)
  expect(await titles(farm)).toEqual([`[sample main] build ${build} at aaaaaaa: 1 failed, 1 passed`])

  await farm.build(commitOf('b'))
  const offers = [vax, sun].map(host => runNext(farm, host))
  await Promise.all(offers)
  expect(await titles(farm), 'two servers that end the last two jobs at once').toHaveLength(1)
})

farmTest('the daily summary is written once a day after 06:00, while a problem is open', async ({ farm }) => {
  await configureWith(farm, [mailTo('still-failing')])
  const vax = await farm.host('vax')
  for (const [letter, log] of [['a'], ['b', undeclared('x')]] as const) {
    await farm.build(commitOf(letter))
    await runNext(farm, vax, log)
    await examineAll(farm)
  }
  await farm.notifications.announceDigests()
  expect(await titles(farm), 'the problem is new').toEqual([])
  farm.wait(22 * 3600) // 05:08
  await farm.notifications.announceDigests()
  expect(await titles(farm)).toEqual([])
  farm.wait(3600)
  await Promise.all([farm.notifications.announceDigests(), farm.notifications.announceDigests()])
  const [digest, ...more] = await deliverAll(farm)
  expect([digest?.title, more]).toEqual(['[sample main] 1 problem still fails', []])
  expect(digest?.lines[0]).toContain('build step fails since bbbbbbb on vax, open since 2024-05-06')
})

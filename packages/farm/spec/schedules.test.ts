import type { ProjectSchedule } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'

const [a, b] = [commitOf('a'), commitOf('b')]
const day = 86_400
const nightly = (changes: Partial<ProjectSchedule> = {}): ProjectSchedule => ({
  key: 'k1',
  cron: '0 2 * * *',
  timeZone: 'UTC',
  ...changes,
})
const withSchedule = (farm: TestFarm, changes: Partial<ProjectSchedule> = {}) =>
  farm.configure(project({ schedules: [nightly(changes)], variants: { default: anywhere, debug: anywhere } }))
const anywhere = { env: {}, hosts: ['*'], arches: ['*'] }

/** Runs what is due, as the task does. Returns the number of runs. */
async function run(farm: TestFarm, commit: string) {
  await farm.schedules.plan()
  const runs = await farm.schedules.take()
  for (const taken of runs) await farm.schedules.build(taken, { commit })
  return runs.length
}

const builds = async (farm: TestFarm) =>
  (await farm.builds.list({ limit: 20 })).map(({ commit, cause, causeDetail }) => [commit[0], cause, causeDetail])
const last = async (farm: TestFarm) => (await farm.schedules.list('sample'))[0]?.last

farmTest('a schedule builds a pushed commit again, but the same commit only once', async ({ farm }) => {
  await farm.host('one')
  await withSchedule(farm)
  await farm.push(a)
  expect(await run(farm, a)).toBe(0)
  farm.wait(day)
  expect(await run(farm, a)).toBe(1)
  expect(await builds(farm)).toEqual([
    ['a', 'schedule', 'nightly'],
    ['a', 'push', null],
  ])
  farm.wait(day)
  expect(await run(farm, a)).toBe(1)
  expect(await last(farm)).toMatchObject({ state: 'unchanged', commit: a })
  farm.wait(day)
  await run(farm, b)
  expect(await builds(farm)).toEqual([
    ['b', 'schedule', 'nightly'],
    ['a', 'schedule', 'nightly'],
    ['a', 'push', null],
  ])
})

farmTest('with even-if-unchanged, each night is a new build of the chosen variants', async ({ farm }) => {
  await farm.host('one')
  await withSchedule(farm, { evenIfUnchanged: true, variants: ['debug'] })
  for (const _ of [1, 2]) {
    farm.wait(day)
    await run(farm, a)
  }
  expect(await builds(farm)).toHaveLength(2)
  expect((await farm.builds.listJobs({ limit: 9 })).map(({ variant }) => variant)).toEqual(['debug', 'debug'])
})

farmTest('missed runs of a downtime run once', async ({ farm }) => {
  await withSchedule(farm, { evenIfUnchanged: true })
  farm.wait(10 * day)
  expect(await run(farm, a)).toBe(1)
  expect(await run(farm, a)).toBe(0)
  expect(await last(farm)).toMatchObject({ dueAt: new Date('2024-05-07T02:00:00Z'), state: 'built' })
  expect((await farm.schedules.list('sample'))[0]?.nextAt).toEqual(new Date('2024-05-17T02:00:00Z'))
})

farmTest(
  'two servers run a schedule once; a run of a dead server is repeated without a second build',
  async ({ farm }) => {
    await withSchedule(farm, { evenIfUnchanged: true })
    farm.wait(day)
    await Promise.all([farm.schedules.plan(), farm.schedules.plan()])
    const [taken, other] = await Promise.all([farm.schedules.take(), farm.schedules.take()])
    expect([...taken, ...other]).toHaveLength(1)
    farm.wait(901)
    const [again] = await farm.schedules.take()
    if (!again) throw new Error('nothing was taken')
    await farm.schedules.build(again, { commit: a })
    await farm.schedules.build(again, { commit: a })
    expect(await builds(farm)).toHaveLength(1)
  },
)

farmTest('a run that cannot start is tried again for a day', async ({ farm }) => {
  await withSchedule(farm)
  farm.wait(day)
  await farm.schedules.plan()
  for (const seconds of [60, 120, 86_400]) {
    const [taken] = await farm.schedules.take()
    if (!taken) throw new Error('nothing was taken')
    await farm.schedules.fail(taken, 'no route to host')
    expect(await last(farm)).toMatchObject({ state: 'due', problem: 'no route to host' })
    farm.wait(seconds)
  }
  const [taken] = await farm.schedules.take()
  if (taken) await farm.schedules.fail(taken, 'no route to host')
  expect(await last(farm)).toMatchObject({ state: 'failed' })
})

farmTest('a schedule that leaves farm.yaml leaves no rows', async ({ farm }) => {
  await withSchedule(farm)
  farm.wait(day)
  await farm.schedules.plan()
  await farm.configure()
  expect(await farm.sql('SELECT FROM "ScheduleRun"')).toEqual([])
  expect(await farm.schedules.take()).toEqual([])
})

farmTest('at-least-every builds exactly the cells whose newest result is old', async ({ farm }) => {
  const one = await farm.host('one', ['amd64', 'i386'])
  await farm.configure(project({ atLeastEverySeconds: 7 * day }))
  await farm.build(a)
  const offers = [await one.claim(1, { slot: 1 }), await one.claim(2, { slot: 2 })]
  for (const offer of offers) if (typeof offer !== 'string') await farm.end(one, offer)
  farm.wait(3600)
  expect(await run(farm, a)).toBe(0)
  farm.wait(7 * day)
  await farm.sql(`UPDATE "Cell" SET "finishedAt" = '${farm.now().toISOString()}' WHERE "arch" = 'i386'`)
  expect(await run(farm, b)).toBe(1)
  expect(await builds(farm)).toEqual([
    ['b', 'schedule', 'at-least-every'],
    ['a', 'push', null],
  ])
  expect(
    (await farm.builds.listJobs({ limit: 9 })).filter(({ commit }) => commit === b).map(({ arch }) => arch),
  ).toEqual(['amd64'])
  farm.wait(3600)
  expect(await run(farm, b)).toBe(0)
})

import { mkdirSync, rmSync } from 'node:fs'
import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { attemptOf, commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

let claims = 0

const cell = async (farm: TestFarm) => (await farm.matrix.load()).cells[0]?.last

/** Examines every ended attempt, as the task does. */
async function examineAll(farm: TestFarm): Promise<string[]> {
  const names = await farm.failures.listExaminations()
  for (const name of names) {
    const [jobId = 0, number = 0] = name.split('.').map(Number)
    await farm.failures.examine({ jobId, number })
  }
  return names
}

async function claimed(host: HostHandle): Promise<Offer> {
  const offer = await host.claim(++claims)
  if (typeof offer === 'string') throw new Error(offer)
  return offer
}

/** Ends the next job of the host. A log means that the step `build` fails with this output. */
async function runNext(farm: TestFarm, host: HostHandle, log?: string): Promise<Offer> {
  const offer = await claimed(host)
  if (log) await farm.say(host, offer, log)
  const steps = [
    { exit: 0, milliseconds: 5, logBytes: 0 },
    { exit: log ? 2 : 0, milliseconds: 5, logBytes: log?.length ?? 0 },
    ...(log ? [] : [{ exit: 0, milliseconds: 5, logBytes: 0 }]),
  ]
  const id = attemptOf(offer)
  const finish = { ...id, hostId: host.id, lease: offer.lease, reason: 'exit' as const, steps, checksum: null }
  expect(await farm.attempts.finish({ ...finish, logBytes: log?.length ?? 0 })).toMatchObject({ kind: 'finished' })
  return offer
}

const undeclared = (name: string) => `cc -c a.c\na.c:7:3: error: '${name}' undeclared\nmake: *** [a.o] Error 1\n`

farmTest('a new failure runs again, and counts as new when it fails in the same way', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await runNext(farm, vax)
  expect(await examineAll(farm), 'a pass needs no examination').toEqual([])

  await farm.build(commitOf('b'))
  const first = await runNext(farm, vax, undeclared('x'))
  expect(farm.events).toContainEqual({ kind: 'examine-needed', attempt: first.attempt })
  expect(await examineAll(farm)).toEqual([first.attempt])
  expect(await cell(farm)).toMatchObject({
    state: 'newly-failing-unconfirmed',
    attempt: first.attempt,
    message: "a.c:7:3: error: 'x' undeclared",
    fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
  })

  const second = await runNext(farm, vax, undeclared('x'))
  expect(second.attempt).toBe('2.2')
  await examineAll(farm)
  expect(await cell(farm)).toMatchObject({ state: 'newly-failing', attempt: '2.2' })
  expect(await vax.claim(++claims), 'the failure is confirmed').toBe('none')
})

farmTest('a new failure that passes when it runs again makes the cell flaky', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await runNext(farm, vax)
  await farm.build(commitOf('b'))
  await runNext(farm, vax, undeclared('x'))
  await examineAll(farm)
  await runNext(farm, vax)
  expect(await cell(farm)).toMatchObject({ state: 'flaky', flakiness: { flaky: true }, verdict: 'passed' })
})

farmTest('with confirm: 0, the first failure counts as new and does not run again', async ({ farm }) => {
  await farm.configure(project({ confirm: 0 }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await runNext(farm, vax)
  await farm.build(commitOf('b'))
  await runNext(farm, vax, undeclared('x'))
  await examineAll(farm)
  expect(await cell(farm)).toMatchObject({ state: 'newly-failing' })
  expect(await vax.claim(++claims)).toBe('none')
})

farmTest('another error at the same step is a different failure', async ({ farm }) => {
  await farm.configure(project({ confirm: 0 }))
  const vax = await farm.host('vax')
  for (const [letter, log] of [['a'], ['b', undeclared('x')], ['c', undeclared('y')]] as const) {
    await farm.build(commitOf(letter))
    await runNext(farm, vax, log)
    await examineAll(farm)
  }
  expect(await cell(farm)).toMatchObject({
    state: 'failing-differently',
    since: { commit: commitOf('b') },
    changed: { commit: commitOf('c') },
    lastGood: { commit: commitOf('a'), jobId: 1 },
  })
})

farmTest('errors that the last passing run also printed do not explain the failure', async ({ farm }) => {
  await farm.configure(project({ confirm: 0 }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = await claimed(vax)
  const harmless = "probe.c:1:1: error: 'z' undeclared\n"
  await farm.say(vax, offer, harmless)
  const ends = [0, harmless.length, harmless.length].map(logBytes => ({ exit: 0, milliseconds: 5, logBytes }))
  const finish = { ...attemptOf(offer), hostId: vax.id, lease: offer.lease, reason: 'exit' as const, checksum: null }
  await farm.attempts.finish({ ...finish, steps: ends, logBytes: harmless.length })

  await farm.build(commitOf('b'))
  await runNext(farm, vax, harmless + undeclared('x'))
  await examineAll(farm)
  expect(await cell(farm)).toMatchObject({ message: "a.c:7:3: error: 'x' undeclared" })
})

farmTest(
  'if the log is gone, the farm gives up after five tries, and the failure still runs again',
  async ({ farm }) => {
    await farm.configure()
    const vax = await farm.host('vax')
    await farm.build(commitOf('a'))
    await runNext(farm, vax)
    await farm.build(commitOf('b'))
    const { attempt } = await runNext(farm, vax, undeclared('x'))
    rmSync(farm.logsDirectory, { recursive: true })
    mkdirSync(farm.logsDirectory)
    for (let tries = 1; tries <= 5; tries++) {
      expect(await farm.failures.listExaminations()).toEqual([attempt])
      await expect(examineAll(farm)).rejects.toThrow(/ENOENT/)
      await farm.failures.markExaminationFailed({ jobId: 2, number: 1 }, 'ENOENT')
      farm.wait(600)
    }
    expect(await farm.failures.listExaminations()).toEqual([])
    expect(await cell(farm)).toMatchObject({ state: 'newly-failing-unconfirmed', fingerprint: null })
    expect(await vax.claim(++claims)).toMatchObject({ attempt: '2.2' })
  },
)

farmTest('two servers that examine an attempt at the same time add one confirming attempt', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await runNext(farm, vax)
  await farm.build(commitOf('b'))
  await runNext(farm, vax, undeclared('x'))
  await Promise.all([1, 2, 3].map(() => farm.failures.examine({ jobId: 2, number: 1 })))
  const queued = farm.events.flatMap(event => (event.kind === 'queued' ? event.attempts : []))
  expect(queued.filter(({ attempt }) => attempt === '2.2')).toHaveLength(1)
})

import type { ChecksumKind } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { attemptOf, commitOf, farmTest, type HostHandle, type TestFarm } from './farm-test.ts'

const running = async (farm: TestFarm): Promise<[HostHandle, Offer]> => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  return [vax, (await vax.claim(1)) as Offer]
}

const logOf = async (farm: TestFarm, offer: Offer): Promise<string> => {
  const attempt = attemptOf(offer)
  const size = await farm.attempts.logSize(attempt)
  if (size === 0) return ''
  const parts: Buffer[] = []
  for await (const part of farm.attempts.readLog(attempt, 0, size)) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

farmTest('a log arrives in chunks, and the farm stores a repeated chunk once', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  expect(await farm.say(vax, offer, 'one\n')).toMatchObject({ kind: 'ok', size: 4 })
  expect(await farm.say(vax, offer, 'one\n')).toMatchObject({ kind: 'wrong-offset', size: 4 })
  expect(await farm.say(vax, offer, 'two\n', { offset: 4 })).toMatchObject({ kind: 'ok', size: 8 })
  expect(await logOf(farm, offer)).toBe('one\ntwo\n')
})

farmTest('if a chunk arrives twice at the same moment, the farm stores it once', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await Promise.all([farm.say(vax, offer, 'one\n'), farm.say(vax, offer, 'one\n')])
  expect(await logOf(farm, offer)).toBe('one\n')
})

farmTest('if a chunk has a wrong offset, the answer contains the right offset', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  expect(await farm.say(vax, offer, 'late', { offset: 100 })).toMatchObject({ kind: 'wrong-offset', size: 0 })
  expect(await logOf(farm, offer)).toBe('')
})

farmTest('the farm does not store a chunk with a wrong checksum', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  const say = (kind: ChecksumKind, value: string) => farm.say(vax, offer, 'one\n', { checksum: { kind, value } })
  expect(await say('crc', '1')).toEqual({ kind: 'wrong-sum' })
  expect(await say('md5', '0'.repeat(32))).toEqual({ kind: 'wrong-sum' })
  expect(await say('md5', '5bbf5a52328e7439ae6e719dfe712200')).toMatchObject({ kind: 'ok' })
})

farmTest('the farm records when the bytes of a log arrived, at most every five seconds', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  const start = farm.now().getTime()
  await farm.say(vax, offer, 'one\n')
  farm.wait(2)
  await farm.say(vax, offer, 'two\n', { offset: 4 })
  farm.wait(4)
  await farm.say(vax, offer, '', { offset: 8 })
  await farm.say(vax, offer, 'three\n', { offset: 8 })
  const times = { jobId: 1, number: 1, startedAt: new Date(start), finishedAt: null }
  expect(await farm.attempts.logTimes(times)).toEqual([
    { offset: 0, at: start },
    { offset: 8, at: start + 6000 },
  ])
})

farmTest('if a log exceeds its limit, the farm ends the job', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  const outcome = await farm.say(vax, offer, 'x'.repeat(1001))
  expect(outcome).toMatchObject({ kind: 'ok', cancel: 'log-limit' })
  expect(await farm.say(vax, offer, 'more', { offset: 1001 })).toMatchObject({ size: 1001, cancel: 'log-limit' })
})

farmTest('the farm ends a job that runs much longer than its time limit', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  expect(await farm.say(vax, offer, '')).toMatchObject({ cancel: null })
  farm.wait(3600 + 61)
  expect(await farm.say(vax, offer, '')).toMatchObject({ kind: 'ok', cancel: 'wall-limit' })
})

farmTest('a step is visible when it has ended', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await farm.say(vax, offer, 'ok\n', { steps: [{ exit: 0, milliseconds: 120, logBytes: 3 }] })

  expect(await farm.builds.findJob(1)).toMatchObject({
    state: 'running',
    steps: [{ name: 'configure', exit: 0, milliseconds: 120, logBytes: 3 }],
  })
  expect(
    await farm.say(vax, offer, '', { offset: 3, steps: Array(4).fill({ exit: 0, milliseconds: 1, logBytes: 1 }) }),
  ).toEqual({
    kind: 'wrong-steps',
  })
})

farmTest('a repeated finish message gets the same answer, and the job has one verdict', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  const finish = () => farm.end(vax, offer, { exits: [0, 2] })
  const answers = await Promise.all([finish(), finish()])

  expect([...answers, await finish()]).toEqual(Array(3).fill({ kind: 'finished', verdict: 'failed' }))
  expect(await farm.builds.findJob(1)).toMatchObject({ verdict: 'failed', failedStep: 'build', attempts: [{}] })
})

farmTest('the farm accepts a finish message only after the whole log has arrived', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await farm.say(vax, offer, 'one\n')
  expect(await farm.end(vax, offer, { log: 'one\ntwo\n' })).toEqual({ kind: 'log-incomplete', size: 4 })
  await farm.say(vax, offer, 'two\n', { offset: 4 })
  expect(await farm.end(vax, offer, { log: 'one\ntwo\n' })).toEqual({ kind: 'finished', verdict: 'passed' })
})

farmTest('if the stored log differs from the host’s log, the host must send its log again', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await farm.say(vax, offer, 'oNe\n')
  expect(await farm.end(vax, offer, { log: 'one\n' })).toEqual({ kind: 'log-incomplete', size: 0 })
  await farm.say(vax, offer, 'one\n')
  expect(await farm.end(vax, offer, { log: 'one\n' })).toEqual({ kind: 'finished', verdict: 'passed' })
  expect(await logOf(farm, offer)).toBe('one\n')
})

farmTest('a finish message with a stale lease changes nothing', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await vax.claim(2) // the host claims again without its job, so it gets the second attempt

  expect(await farm.end(vax, offer)).toEqual({ kind: 'lease-lost' })
  expect(await farm.say(vax, offer, 'still here')).toEqual({ kind: 'lease-lost' })
  expect(await farm.builds.findJob(1)).toMatchObject({ state: 'leased', verdict: null, attempt: '1.2' })
})

farmTest('a finish message with an invented lease changes nothing', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  expect(await farm.end(vax, { ...offer, lease: 'ffff' })).toEqual({ kind: 'lease-lost' })
  expect(await farm.verdicts()).toEqual(['leased'])
})

farmTest('if the owner of a host stops a job, the job runs again', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  expect(await farm.end(vax, offer, { exits: [0], reason: 'stopped' })).toEqual({ kind: 'finished', verdict: 'lost' })
  expect(await vax.claim(2)).toMatchObject({ attempt: '1.2' })
})

farmTest('if somebody cancels a running job, the next answer to its host contains the cancel', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await farm.say(vax, offer, 'hm\n')
  expect(await farm.builds.cancelJob(1, 'ada')).toEqual({ kind: 'cancelled', attempts: 1 })
  farm.attempts.dropCached(offer.attempt) // the server does this at the event "revoked"

  expect(farm.events).toContainEqual({ kind: 'revoked', attempt: '1.1' })
  expect(await farm.say(vax, offer, '', { offset: 3 })).toMatchObject({ cancel: 'cancelled' })
  expect(await farm.end(vax, offer, { exits: [], reason: 'cancelled', log: 'hm\n' })).toEqual({
    kind: 'finished',
    verdict: 'cancelled',
  })
})

farmTest('if somebody cancels a job in the queue, the job ends at once, and no host can claim it', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  const buildId = await farm.build(commitOf('a'))
  expect(await farm.builds.cancel(buildId)).toEqual({ kind: 'cancelled', attempts: 1 })

  expect(await vax.claim(1)).toBe('none')
  expect(await farm.verdicts()).toEqual(['cancelled'])
  expect(await farm.builds.cancelJob(1)).toEqual({ kind: 'nothing-to-cancel' })
  expect(await farm.builds.cancelJob(99)).toEqual({ kind: 'unknown' })
})

farmTest('if two people retry a job at the same moment, the farm makes one attempt', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  expect(await farm.builds.retryJob(1)).toEqual({ kind: 'not-finished', attempt: '1.1' })
  await farm.end(vax, offer, { exits: [1] })
  const retries = await Promise.all([farm.builds.retryJob(1), farm.builds.retryJob(1)])

  expect(retries.map(retry => retry.kind).sort()).toEqual(['not-finished', 'queued'])
  expect((await farm.builds.findJob(1))?.attempts).toHaveLength(2)
  expect(await farm.builds.retryJob(99)).toEqual({ kind: 'unknown' })
})

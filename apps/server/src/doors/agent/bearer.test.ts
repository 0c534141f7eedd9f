import { expect, test, vi } from 'vitest'
import { localBus, topics } from '../../bus.ts'
import { bearers } from './bearer.ts'

const known = { id: 7, name: 'vax' }

test('a host is looked up once in a few seconds, however often it asks', async () => {
  const hostBearing = vi.fn(async () => known)
  const bearerOf = bearers({ hostBearing }, localBus())
  for (let asked = 0; asked < 5; asked++) expect(await bearerOf('Bearer rfh-1')).toBe(known)
  expect(hostBearing).toHaveBeenCalledTimes(1)
})

test("a removed host's credential works no longer, also when it was looked up meanwhile", async () => {
  const bus = localBus()
  let answer = (_found: typeof known) => {}
  const hostBearing = vi.fn(async (): Promise<typeof known | undefined> => undefined)
  hostBearing.mockResolvedValueOnce(known)
  hostBearing.mockReturnValueOnce(new Promise(resolve => (answer = resolve)))
  const bearerOf = bearers({ hostBearing }, bus)
  expect(await bearerOf('Bearer rfh-1')).toBe(known)
  const other = bearerOf('Bearer rfh-2')
  bus.publish(topics.hostRemoved, '7')
  answer(known)
  await other
  expect(await bearerOf('Bearer rfh-1')).toBeUndefined()
  expect(await bearerOf('Bearer rfh-2')).toBeUndefined()
})

test('a credential that was withdrawn works no longer than 5 s', async () => {
  vi.useFakeTimers()
  try {
    const hostBearing = vi.fn(async (): Promise<typeof known | undefined> => known)
    const bearerOf = bearers({ hostBearing }, localBus())
    await bearerOf('Bearer rfh-1')
    hostBearing.mockResolvedValue(undefined)
    vi.advanceTimersByTime(5_001)
    expect(await bearerOf('Bearer rfh-1')).toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
})

test.each([undefined, '', 'rfh-1', 'Basic rfh-1', 'Bearer', 'Bearer a b', `Bearer ${'x'.repeat(129)}`, 'Bearer ä'])(
  '%j bears nobody, and the database is not asked',
  async authorization => {
    const hostBearing = vi.fn(async () => known)
    expect(await bearers({ hostBearing }, localBus())(authorization)).toBeUndefined()
    expect(hostBearing).not.toHaveBeenCalled()
  },
)

import { expect, test, vi } from 'vitest'
import { eventually } from '../../../../../test/support/waiting.ts'
import { localBus, topics } from '../../events/bus.ts'
import { bearers, gathered } from './bearer.ts'

const known = { id: 7, name: 'vax' }
const found = new Map([['rfh-1', known]])

test('the server looks up a host in the database only once, even if the host sends several requests', async () => {
  const findByCredentials = vi.fn(async () => found)
  const { find } = bearers({ findByCredentials }, localBus())
  for (let request = 0; request < 5; request++) expect(await find('Bearer rfh-1')).toBe(known)
  expect(findByCredentials).toHaveBeenCalledTimes(1)
})

test('if a host is removed during a look-up, the server refuses the credential of this host', async () => {
  const bus = localBus()
  let answer = (_found: typeof found) => {}
  const findByCredentials = vi.fn(async () => new Map<string, typeof known>())
  findByCredentials.mockResolvedValueOnce(found)
  findByCredentials.mockReturnValueOnce(new Promise(resolve => (answer = resolve)))
  const { find } = bearers({ findByCredentials }, bus)
  expect(await find('Bearer rfh-1')).toBe(known)
  const other = find('Bearer rfh-2')
  await eventually('the look-up is under way', async () => findByCredentials.mock.calls.length === 2 || undefined)
  bus.publish(topics.hostRemoved, '7')
  answer(new Map([['rfh-2', known]]))
  await other
  expect(await find('Bearer rfh-1')).toBeUndefined()
  expect(await find('Bearer rfh-2')).toBeUndefined()
})

test('the server refuses a revoked credential after at most 5 s', async () => {
  vi.useFakeTimers()
  try {
    const findByCredentials = vi.fn(async () => found)
    const { find } = bearers({ findByCredentials }, localBus())
    await find('Bearer rfh-1')
    findByCredentials.mockResolvedValue(new Map())
    vi.advanceTimersByTime(5_001)
    expect(await find('Bearer rfh-1')).toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
})

test('the server remembers a host longer, for a claim, which must check the credential', async () => {
  vi.useFakeTimers()
  try {
    const bus = localBus()
    const hosts = bearers({ findByCredentials: async () => found }, bus)
    expect(hosts.remembered('Bearer rfh-1')).toBeUndefined()
    for (const end of [() => hosts.forget('Bearer rfh-1'), () => bus.publish(topics.hostRemoved, '7')]) {
      await hosts.find('Bearer rfh-1')
      vi.advanceTimersByTime(3_600_000)
      for (let claim = 0; claim < 2; claim++)
        expect(hosts.remembered('Bearer rfh-1')).toEqual({ ...known, unchecked: 'rfh-1' })
      end()
      expect(hosts.remembered('Bearer rfh-1')).toBeUndefined()
    }
  } finally {
    vi.useRealTimers()
  }
})

test.each([undefined, '', 'rfh-1', 'Basic rfh-1', 'Bearer', 'Bearer a b', `Bearer ${'x'.repeat(129)}`, 'Bearer ä'])(
  'for the header %j, the server finds no host and sends no database query',
  async authorization => {
    const findByCredentials = vi.fn(async () => found)
    const hosts = bearers({ findByCredentials }, localBus())
    expect(await hosts.find(authorization)).toBeUndefined()
    expect(hosts.remembered(authorization)).toBeUndefined()
    expect(findByCredentials).not.toHaveBeenCalled()
  },
)

test('the server needs one database query for 100 credentials that arrive at the same time', async () => {
  const lookUp = vi.fn(
    async (names: string[]) => new Map(names.filter(name => name !== 'wrong-7').map(name => [name, 1])),
  )
  const one = gathered(lookUp)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => one(`wrong-${index}`)))
  expect(answers.map((answer, index) => (answer === undefined ? index : '')).join('')).toBe('7')
  await Promise.all([one('a'), one('b')])
  expect(lookUp.mock.calls.map(([names]) => names.length)).toEqual([100, 2])
})

test('after the look-up of a credential has failed, the next look-up works', async () => {
  const lookUp = vi.fn(async (_names: string[]) => found)
  lookUp.mockRejectedValueOnce(new Error('away'))
  const one = gathered(lookUp)
  await expect(one('rfh-1')).rejects.toThrow('away')
  expect(await one('rfh-1')).toBe(known)
})

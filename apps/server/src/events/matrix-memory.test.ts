import { readerSignal, untilAborted } from '@rumpfarm/farm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { localBus, topics } from './bus.ts'
import { MatrixMemory } from './matrix-memory.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }))
afterEach(() => void vi.useRealTimers())

/** A memory of numbers: the n-th value is n. */
function counting() {
  const bus = localBus()
  const memory = new MatrixMemory<number>(bus)
  let made = 0
  const make = async () => ++made
  return { bus, memory, get: async (key = '', making = make) => (await memory.get(key, making)).value }
}

/** A value that the test finishes. */
function pending() {
  let finish: (value: number) => void = () => {}
  let fail: (error: Error) => void = () => {}
  const value = new Promise<number>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  return { make: () => value, finish, fail }
}

test('without a change, the second request gets the value of the first', async () => {
  const { get } = counting()
  expect([await get(), await get()]).toEqual([1, 1])
})

test('a request after an event gets a new value', async () => {
  const { get, bus } = counting()
  await get()
  bus.publish(topics.matrix)
  expect(await get()).toBe(2)
})

test('an event of another topic changes nothing', async () => {
  const { get, bus } = counting()
  await get()
  bus.publish(topics.viewed)
  expect(await get()).toBe(1)
})

test('a request after an event does not get a value that was begun before the event', async () => {
  const { get, bus } = counting()
  const old = pending()
  const first = get('', old.make)
  bus.publish(topics.matrix)
  expect(await get()).toBe(1)
  old.finish(100)
  expect([await first, await get()]).toEqual([100, 1])
})

test('a value lives for one second from its begin, however long it took to make', async () => {
  const { get } = counting()
  const slow = pending()
  const first = get('', slow.make)
  vi.advanceTimersByTime(600)
  slow.finish(100)
  await first
  vi.advanceTimersByTime(399)
  expect(await get()).toBe(100)
  vi.advanceTimersByTime(1)
  expect(await get()).toBe(1)
})

/** Makes a value in 100 ms, and goes to the time in which the memory makes the next value. */
async function soonTooOld() {
  const scene = counting()
  const first = pending()
  const reader = scene.get('', first.make)
  vi.advanceTimersByTime(100)
  first.finish(100)
  await reader
  vi.advanceTimersByTime(599)
  expect(await scene.get('', () => Promise.reject(new Error('too early')))).toBe(100)
  vi.advanceTimersByTime(1)
  return scene
}

test('if a value is soon too old, a request gets it at once, and later requests get the next value', async () => {
  const { get } = await soonTooOld()
  const next = pending()
  expect(await get('', next.make)).toBe(100)
  expect(await get()).toBe(100) // this request makes no further value
  next.finish(200)
  await next.make()
  expect(await get()).toBe(200)
  vi.advanceTimersByTime(299)
  expect(await get()).toBe(200)
})

test('a request waits for the next value if the old value is too old', async () => {
  const { get } = await soonTooOld()
  const next = pending()
  await get('', next.make)
  vi.advanceTimersByTime(300)
  const waiting = [get(), get()]
  next.finish(200)
  expect(await Promise.all(waiting)).toEqual([200, 200])
})

test('an event also makes the next value outdated', async () => {
  const { get, bus } = await soonTooOld()
  const next = pending()
  await get('', next.make)
  bus.publish(topics.matrix)
  expect(await get()).toBe(1)
  next.finish(200)
  await next.make()
  expect(await get()).toBe(1)
})

test('if the next value fails, no request notices it', async () => {
  const { get } = await soonTooOld()
  const broken = pending()
  await get('', broken.make)
  broken.fail(new Error('the database is away'))
  await broken.make().catch(() => {})
  expect(await get()).toBe(100)
  vi.advanceTimersByTime(300)
  expect(await get()).toBe(1)
})

test('the next value is made from values of other memories that are begun after it', async () => {
  const { get } = await soonTooOld()
  const make = vi.fn(async (_next?: object) => 200)
  await get('', make)
  expect(make.mock.calls).toEqual([[{ from: performance.now(), eventsAreLate: true }]])
})

test('a value has the time before it was made', async () => {
  const { memory } = counting()
  const since = Date.now()
  await memory.get('', async () => 1)
  vi.advanceTimersByTime(700)
  expect(await memory.get('', async () => 2)).toEqual({ value: 1, since })
})

test('keys do not mix', async () => {
  const { get } = counting()
  expect([await get('a'), await get('b'), await get('a')]).toEqual([1, 2, 1])
})

test('requests at the same time share one value', async () => {
  const { get } = counting()
  expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1])
})

test('if a value fails, the waiting requests fail, and a later request makes its own', async () => {
  const { get } = counting()
  const broken = pending()
  const waiting = [get('', broken.make), get()]
  broken.fail(new Error('the database is away'))
  for (const request of waiting) await expect(request).rejects.toThrow('the database is away')
  expect(await get()).toBe(1)
})

test('the queries of a value end when all of its readers have left', async () => {
  const { get } = counting()
  const shared = pending()
  const readers = [new AbortController(), new AbortController()]
  let ended: AbortSignal | undefined
  const make = () => {
    ended = readerSignal()
    return shared.make()
  }
  const requests = readers.map(({ signal }) => untilAborted(signal, () => get('', make)))
  readers[0]?.abort()
  expect(ended?.aborted).toBe(false)
  readers[1]?.abort()
  expect(ended?.aborted).toBe(true)
  expect(await get()).toBe(1)
  shared.finish(100)
  expect(await Promise.all(requests)).toEqual([100, 100])
})

test('a reader that leaves after the answer changes nothing', async () => {
  const { get } = counting()
  const reader = new AbortController()
  await untilAborted(reader.signal, () => get())
  reader.abort()
  expect(await get()).toBe(1)
})

test('the memory has a limit, and drops the oldest value', async () => {
  const { get } = counting()
  for (let key = 0; key < 33; key++) await get(String(key))
  expect([await get('1'), await get('0')]).toEqual([2, 34])
})

test('a closed memory has no subscription', async () => {
  const { memory, get, bus } = counting()
  await get()
  memory.close()
  bus.publish(topics.matrix)
  expect(await get()).toBe(1)
})

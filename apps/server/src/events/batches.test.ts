import { expect, test, vi } from 'vitest'
import { batches } from './batches.ts'

test('the first message is sent at once, and those of the next milliseconds as one text', async () => {
  vi.useFakeTimers()
  const texts: string[] = []
  const queue = batches({ bytesMax: 1_000, send: async text => texts.push(text) })
  queue.add('a')
  for (const line of ['b', 'b', 'c']) queue.add(line)
  await vi.advanceTimersByTimeAsync(4)
  expect(texts).toEqual(['a'])
  await vi.advanceTimersByTimeAsync(2)
  expect(texts).toEqual(['a', 'b\nc'])
  await vi.advanceTimersByTimeAsync(100)
  queue.add('d')
  expect(texts).toEqual(['a', 'b\nc', 'd'])
  vi.useRealTimers()
})

test('a text has at most the bytes of its wire', async () => {
  vi.useFakeTimers()
  const texts: string[] = []
  const queue = batches({ bytesMax: 4, send: async text => texts.push(text) })
  for (const line of ['a', 'bb', 'cc', 'd']) queue.add(line)
  await vi.advanceTimersByTimeAsync(100)
  expect(texts.every(text => text.length <= 4)).toBe(true)
  expect(texts.join('\n')).toBe('a\nbb\ncc\nd')
  vi.useRealTimers()
})

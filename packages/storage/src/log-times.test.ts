import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { logTimesMax, openDirectoryStorage, type Storage } from './index.ts'

let directory: string
let storage: Storage
const attempt = { jobId: 7, number: 1 }
const start = Date.parse('2024-05-06T07:08:09Z')
const path = () => join(directory, '0', '7.1.times')

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'times-'))
  storage = openDirectoryStorage(directory)
  mkdirSync(join(directory, '0'))
})
afterEach(async () => {
  await storage.close()
  rmSync(directory, { recursive: true })
})

test('the times of a log are in the order of their offsets', async () => {
  expect(await storage.logTimes.read(attempt)).toEqual([])
  const times = [0, 100, 250].map(offset => ({ offset, at: start + offset }))
  for (const time of times) await storage.logTimes.add(attempt, time)
  expect(await storage.logTimes.read(attempt)).toEqual(times)
})

test('if a log starts again, the times of its earlier bytes do not count', async () => {
  for (const offset of [0, 100, 250]) await storage.logTimes.add(attempt, { offset, at: start })
  await storage.logTimes.add(attempt, { offset: 100, at: start + 9 })
  expect((await storage.logTimes.read(attempt)).map(({ offset }) => offset)).toEqual([0, 100])
})

test('the times of a log end at an interrupted write, and have a limit', async () => {
  await storage.logTimes.add(attempt, { offset: 0, at: start })
  appendFileSync(path(), '100 17149')
  expect(await storage.logTimes.read(attempt)).toHaveLength(1)
  appendFileSync(path(), `\n${Array.from({ length: logTimesMax + 5 }, (_, i) => `${i + 1} ${start}\n`).join('')}`)
  expect(await storage.logTimes.read(attempt)).toHaveLength(logTimesMax)
})

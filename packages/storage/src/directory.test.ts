import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Cksum, cksum } from '@rumpfarm/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Logs, openLogs } from './directory.ts'

let directory: string
let logs: Logs
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logs-'))
  logs = openLogs(directory)
})
afterEach(() => {
  logs.close()
  rmSync(directory, { recursive: true })
})

const attempt = (jobId: number, number = 1) => ({ jobId, number })
const bytes = (words: string) => Buffer.from(words)
const descriptors = () => readdirSync('/proc/self/fd').length

test('a log is as long as what was written, and is read back in parts', async () => {
  const log = logs.open(attempt(4711, 2))
  expect(logs.size(attempt(4711, 2))).toBe(0)
  expect(await log.write(0, bytes('hello '))).toBe(6)
  expect(await log.write(6, bytes('world'))).toBe(11)
  expect(logs.size(attempt(4711, 2))).toBe(11)
  expect(await text(logs.read(attempt(4711, 2), 4, 8))).toBe('o wo')
  expect(readFileSync(join(directory, '4', '4711.2.log'), 'utf8')).toBe('hello world')
})

test('the same bytes at the same place twice are there once', async () => {
  const log = logs.open(attempt(1))
  const sizes = await Promise.all([log.write(0, bytes('twice')), log.write(0, bytes('twice'))])
  expect(sizes).toEqual([5, 5])
})

test('a log that is opened again goes on where it was', async () => {
  await logs.open(attempt(1)).write(0, bytes('before'))
  logs.close()
  expect(logs.open(attempt(1)).size).toBe(6)
})

test('what another server wrote or cut is seen when one looks', async () => {
  const others = openLogs(directory)
  const log = logs.open(attempt(1))
  await log.write(0, bytes('ours'))
  await others.open(attempt(1)).write(4, bytes(' theirs'))
  expect([log.size, log.look()]).toEqual([4, 11])
  others.open(attempt(1)).truncate(0)
  expect(log.look()).toBe(0)
  others.close()
})

test('a sealed log lets its descriptor go, and can be read', async () => {
  const before = descriptors()
  const log = logs.open(attempt(1))
  await log.write(0, bytes('done'))
  await log.seal()
  expect(descriptors()).toBe(before)
  expect(await text(logs.read(attempt(1), 0, 4))).toBe('done')
})

test('of 300 logs that are written, no more than 256 keep a descriptor, and none loses a byte', async () => {
  const before = descriptors()
  const all = Array.from({ length: 300 }, (_, index) => attempt(index + 1))
  for (const one of all) await logs.open(one).write(0, bytes(`${one.jobId}`))
  expect(descriptors() - before).toBeLessThanOrEqual(256)
  for (const one of all) await logs.open(one).write(logs.size(one), bytes('!'))
  for (const one of all) expect(await text(logs.read(one, 0, logs.size(one)))).toBe(`${one.jobId}!`)
})

test('a log that is being written is not closed to make room', async () => {
  const log = logs.open(attempt(1))
  const writing = log.write(0, Buffer.alloc(1_000_000))
  for (let job = 2; job <= 300; job++) logs.open(attempt(job))
  expect(await writing).toBe(1_000_000)
  expect(logs.open(attempt(1))).toBe(log)
})

test('the checksum of a log is known from its pieces, until a piece comes without its own', async () => {
  const log = logs.open(attempt(1))
  const piece = (words: string) => new Cksum().update(bytes(words))
  await log.write(0, bytes('one '), piece('one '))
  await log.write(4, bytes('two'), piece('two'))
  expect(log.sum?.digest()).toBe(cksum(bytes('one two')))
  await log.write(7, bytes(' three'))
  expect(log.sum).toBeUndefined()
})

import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { Cksum, cksum } from '@rumpfarm/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDirectoryStorage } from './directory-storage.ts'
import type { Storage } from './storage.ts'
import { copyStoredFile, storedFiles, storedSize } from './stored-files.ts'

let directory: string
let storage: Storage
let logs: Storage['logs']
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logs-'))
  openStorage()
})
afterEach(async () => {
  await storage.close()
  rmSync(directory, { recursive: true })
})

function openStorage() {
  storage = openDirectoryStorage(directory)
  logs = storage.logs
}

const attempt = (jobId: number, number = 1) => ({ jobId, number })
const bytes = (content: string) => Buffer.from(content)

/** How many files of the storage this process has open. The process itself opens and closes others. */
const descriptors = () => readdirSync('/proc/self/fd').filter(isOfStorage).length

function isOfStorage(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(directory)
  } catch {
    return false // the descriptor of the list itself
  }
}

test('the size of a log is the number of its written bytes, and the storage can read a part of the log', async () => {
  const log = logs.open(attempt(4711, 2))
  expect(await logs.size(attempt(4711, 2))).toBe(0)
  expect(await log.write(0, bytes('hello '))).toBe(6)
  expect(await log.write(6, bytes('world'))).toBe(11)
  expect(await logs.size(attempt(4711, 2))).toBe(11)
  expect(await text(logs.read(attempt(4711, 2), 4, 8))).toBe('o wo')
  expect(readFileSync(join(directory, '4', '4711.2.log'), 'utf8')).toBe('hello world')
})

test('a scan returns the bytes of a part of a log, in pieces of at most 1 MB', async () => {
  const content = Buffer.from('a log line\n'.repeat(250_000))
  await logs.open(attempt(1)).write(0, content)
  const pieces: Buffer[] = []
  for await (const piece of logs.scan(attempt(1), 7, content.length - 3)) pieces.push(Buffer.from(piece))
  expect(Buffer.concat(pieces).equals(content.subarray(7, -3))).toBe(true)
  expect(Math.max(...pieces.map(({ length }) => length))).toBe(1024 * 1024)
  for await (const piece of logs.scan(attempt(2), 0, 0)) expect.unreachable(String(piece))
})

test('if bytes arrive twice at the same offset, the storage keeps them once', async () => {
  const log = logs.open(attempt(1))
  const sizes = await Promise.all([log.write(0, bytes('twice')), log.write(0, bytes('twice'))])
  expect(sizes).toEqual([5, 5])
})

test('a log keeps its bytes after a restart', async () => {
  await logs.open(attempt(1)).write(0, bytes('before'))
  await storage.close()
  openStorage()
  expect(logs.open(attempt(1)).size).toBe(6)
})

test('`refreshSize` returns the new size after another server has changed the file', async () => {
  const other = openDirectoryStorage(directory)
  const log = logs.open(attempt(1))
  await log.write(0, bytes('ours'))
  await other.logs.open(attempt(1)).write(4, bytes(' theirs'))
  expect([log.size, await log.refreshSize()]).toEqual([4, 11])
  await other.logs.open(attempt(1)).clear()
  expect(await log.refreshSize()).toBe(0)
  await other.close()
})

test('a sealed log has no open descriptor, and can be read', async () => {
  const before = descriptors()
  const log = logs.open(attempt(1))
  await log.write(0, bytes('done'))
  await log.seal()
  expect(descriptors()).toBe(before)
  expect(await text(logs.read(attempt(1), 0, 4))).toBe('done')
})

test('at most 256 of 300 logs keep a descriptor, and no log loses a byte', async () => {
  const before = descriptors()
  const all = Array.from({ length: 300 }, (_, index) => attempt(index + 1))
  for (const one of all) await logs.open(one).write(0, bytes(`${one.jobId}`))
  expect(descriptors() - before).toBeLessThanOrEqual(256)
  for (const one of all) await logs.open(one).write(await logs.size(one), bytes('!'))
  for (const one of all) expect(await text(logs.read(one, 0, await logs.size(one)))).toBe(`${one.jobId}!`)
})

test('the storage does not close a log during a write', async () => {
  const log = logs.open(attempt(1))
  const writing = log.write(0, Buffer.alloc(1_000_000))
  for (let job = 2; job <= 300; job++) logs.open(attempt(job))
  expect(await writing).toBe(1_000_000)
  expect(logs.open(attempt(1))).toBe(log)
})

test('without its last artifact, an attempt has no folder, and its log and times can be deleted', async () => {
  const { artifacts, logTimes } = storage
  for (const name of ['a', 'b/c']) await artifacts.open({ ...attempt(7), name }).write(0, bytes('x'))
  await logs.open(attempt(7)).write(0, bytes('log'))
  await logTimes.add(attempt(7), { offset: 0, at: 1_714_979_289_123 })
  await artifacts.remove({ ...attempt(7), name: 'a' })
  expect(readdirSync(join(directory, '0', '7.1.artifacts'))).toEqual(['b,c'])
  for (const name of ['b/c', 'b/c', 'never there']) await artifacts.remove({ ...attempt(7), name })
  await logs.remove(attempt(7))
  await logTimes.remove(attempt(7))
  await logTimes.remove(attempt(7))
  expect(readdirSync(join(directory, '0'))).toEqual([])
})

describe('a compressed log', () => {
  const content = Buffer.from('a log line\n'.repeat(100_000))
  const expected = { bytes: content.length, checksum: null }
  const path = (name: string) => join(directory, '0', name)
  const sealed = async () => {
    await logs.open(attempt(1)).write(0, content)
    await logs.open(attempt(1)).seal()
  }
  const isWhole = async () => (await buffer(logs.read(attempt(1), 0, content.length))).equals(content)

  test('is the only file, which `zcat` reads', async () => {
    await sealed()
    expect(await logs.pack(attempt(1), expected)).toBe('packed')
    expect(readdirSync(join(directory, '0'))).toEqual(['1.1.log.gz'])
    expect(execFileSync('zcat', [path('1.1.log.gz')], { maxBuffer: 2e6 }).equals(content)).toBe(true)
  })

  test('stays beside the log after a crash, and the next call deletes the log', async () => {
    await sealed()
    copyFileSync(path('1.1.log'), path('copy'))
    await logs.pack(attempt(1), expected)
    copyFileSync(path('copy'), path('1.1.log'))
    expect([await isWhole(), await logs.size(attempt(1)), await logs.gzip(attempt(1))]).toEqual([
      true,
      content.length,
      undefined,
    ])
    expect(await logs.pack(attempt(1), expected)).toBe('packed')
    expect([await isWhole(), readdirSync(join(directory, '0')).sort()]).toEqual([true, ['1.1.log.gz', 'copy']])
  })

  test('replaces the draft that a crash left, but not the draft of a server that writes it', async () => {
    await sealed()
    const draft = path('1.1.log.gz.incomplete')
    writeFileSync(draft, 'half')
    expect(await logs.pack(attempt(1), expected)).toBe('busy')
    const before = new Date(Date.now() - 11 * 60_000)
    utimesSync(draft, before, before)
    expect(await isWhole()).toBe(true)
    expect(await logs.pack(attempt(1), expected)).toBe('packed')
    expect([await isWhole(), readdirSync(join(directory, '0'))]).toEqual([true, ['1.1.log.gz']])
  })

  test('is no stored file while it is a draft, and its copy takes the place of the log', async () => {
    await sealed()
    writeFileSync(path('1.1.log.gz.incomplete'), 'half')
    const paths = async () => {
      const found: string[] = []
      for await (const file of storedFiles(directory)) found.push(file.path)
      return found
    }
    expect(await paths()).toEqual(['0/1.1.log'])
    rmSync(path('1.1.log.gz.incomplete'))
    const target = join(directory, 'backup/0/1.1.log')
    await copyStoredFile(path('1.1.log'), target, { mayLink: true })
    await logs.pack(attempt(1), expected)
    expect(await copyStoredFile(path('1.1.log'), target, { mayLink: true })).toBe('linked')
    expect(readdirSync(join(directory, 'backup/0'))).toEqual(['1.1.log.gz'])
    expect(await storedSize(target)).toBe(content.length)
    expect(await storedSize(path('2.1.log'))).toBeUndefined()
  })

  test('with changed bytes gives an error that names the file and the bytes', async () => {
    await sealed()
    await logs.pack(attempt(1), expected)
    const file = readFileSync(path('1.1.log.gz'))
    file.writeUInt8(file.readUInt8(500) ^ 0xff, 500)
    writeFileSync(path('1.1.log.gz'), file)
    const wanted = `the stored log ${path('1.1.log.gz')} cannot be read: its bytes 0 to 524287 are damaged`
    await expect(text(logs.read(attempt(1), 0, 10))).rejects.toThrow(wanted)
    await expect(text(logs.read(attempt(1), 600_000, 600_011))).resolves.toHaveLength(11)
  })

  test('counts, and not an empty file that a late message of its host left', async () => {
    await sealed()
    await logs.pack(attempt(1), expected)
    expect(logs.open(attempt(1)).size).toBe(0)
    expect([await isWhole(), await logs.size(attempt(1))]).toEqual([true, content.length])
  })
})

test('the CRC of a small file is that of its bytes on the disk', async () => {
  const log = logs.open(attempt(1))
  await log.write(0, bytes('right'), new Cksum().update(bytes('right')))
  writeFileSync(join(directory, '0', '1.1.log'), 'wrong')
  expect(log.crc?.digest()).toBe(cksum(bytes('wrong')))
})

import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { beforeEach, expect, test, vi } from 'vitest'
import type { SharedFiles } from '../shared-files.ts'
import { temporaryDirectory } from '../support/repository.ts'
import { openTarballs } from './tarballs.ts'

/** What the servers share, in memory. */
let stored: Map<string, Buffer>
let removals: number[]
let shared: SharedFiles
const key = 'a'.repeat(40)

beforeEach(() => {
  stored = new Map()
  removals = []
  const cache: SharedFiles['cache'] = async (name, pieces) => {
    if (stored.has(name)) return false
    const bytes = []
    for await (const piece of pieces) bytes.push(piece)
    stored.set(name, Buffer.concat(bytes))
    return true
  }
  shared = {
    cache,
    ping: async () => {},
    read: async name => {
      const bytes = stored.get(name)
      return (
        bytes &&
        (async function* () {
          yield bytes
        })()
      )
    },
    use: async name => stored.get(name)?.toString(),
    makeRoom: async bytesMax => void removals.push(bytesMax),
  }
})

const openServer = (content: string) => {
  const tarballs = openTarballs(temporaryDirectory(), 1000, shared)
  return async () => {
    const made = await tarballs.get(key, async file => {
      await writeFile(file, content)
      return { kind: 'archived', sums: { bytes: content.length, crc: '1', sha256: 's', md5: 'm' } }
    })
    return made.kind === 'tarball' ? readFileSync(made.file, 'utf8') : made
  }
}

test('a new tarball starts the removal in the bucket, with the limit of the directory', async () => {
  expect(await openServer('one')()).toBe('one')
  await vi.waitUntil(() => removals.length > 0)
  expect(removals).toEqual([1000])
})

test('after the farm removed a tarball from the bucket, all servers send the bytes that are stored next', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const [first, second] = [openServer('one'), openServer('two')]
  expect([await first(), await second()]).toEqual(['one', 'one'])
  stored.clear()
  vi.setSystemTime(Date.now() + 61_000)
  expect([await second(), await first()]).toEqual(['two', 'two'])
  vi.useRealTimers()
})

test('while the bucket does not answer, no server makes a tarball, and the farm tries again', async () => {
  shared.ping = () => Promise.reject(Object.assign(new Error('away'), { code: 'STORAGE_AWAY' }))
  const make = vi.fn()
  const made = await openTarballs(temporaryDirectory(), 1000, shared).get(key, make)
  expect(made).toMatchObject({ kind: 'failed', problem: { storageAway: true } })
  expect(make).not.toHaveBeenCalled()
})

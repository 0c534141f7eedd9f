import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeRepository, quietEnvironment } from '../support/repository.ts'
import { openGit } from './git.ts'
import { defaultGitLimits } from './git-runner.ts'
import { ReaderClosed } from './object-reader.ts'
import { ObjectReaders } from './object-readers.ts'

function readers(limits = {}) {
  const git = openGit(quietEnvironment(), defaultGitLimits)
  onTestFinished(() => git.close())
  return new ObjectReaders(git, limits)
}

const gitDirectory = (own: { directory: string }) => join(own.directory, '.git')

test('a reader answers many requests at once in their order, also for objects of 0 and of many bytes', async () => {
  const own = makeRepository({ empty: '', line: '\n', large: 'x'.repeat(1_000_000) })
  const reader = await readers().of(gitDirectory(own))
  const names = ['empty', 'line', 'large', 'absent', 'empty'].map(name => `HEAD:${name}`)
  const found = await Promise.all(names.map(name => reader.read(name)))
  expect(found.map(object => object?.content.length)).toEqual([0, 1, 1_000_000, undefined, 0])
  expect(await reader.info('HEAD:large')).toMatchObject({ type: 'blob', size: 1_000_000 })
})

test('a reader finds a commit that was made after its start', async () => {
  const own = makeRepository()
  const reader = await readers().of(gitDirectory(own))
  expect(await reader.read('HEAD')).toMatchObject({ type: 'commit' })
  const commit = own.commit('Later')
  expect(await reader.read(commit)).toMatchObject({ type: 'commit' })
})

test('a mirror has one process, and a process that ended is started again', async () => {
  const own = makeRepository()
  const all = readers()
  const [one, two] = await Promise.all([all.of(gitDirectory(own)), all.of(gitDirectory(own))])
  expect(one).toBe(two)
  one.close()
  await expect(one.read('HEAD')).rejects.toThrow(ReaderClosed)
  const three = await all.of(gitDirectory(own))
  expect(three).not.toBe(one)
  expect(await three.read('HEAD')).toMatchObject({ type: 'commit' })
})

test('the farm keeps a limited number of processes, and ends the one that was unused for longest', async () => {
  const all = readers({ processesMax: 2 })
  const opened: Awaited<ReturnType<typeof all.of>>[] = []
  for (const own of [makeRepository(), makeRepository(), makeRepository()]) opened.push(await all.of(gitDirectory(own)))
  await vi.waitFor(() => expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, false, false]), {
    timeout: 20_000,
  })
})

test('an idle process ends', async () => {
  const reader = await readers({ idleMs: 20 }).of(gitDirectory(makeRepository()))
  await vi.waitFor(() => expect(reader.isClosed).toBe(true), { timeout: 20_000 })
})

test('an object that is too large for memory ends the process instead', async () => {
  const own = makeRepository({ huge: 'x'.repeat(32_000_001) })
  const reader = await readers().of(gitDirectory(own))
  await expect(reader.read('HEAD:huge')).rejects.toThrow(ReaderClosed)
})

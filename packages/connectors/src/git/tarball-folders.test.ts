import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/repository.ts'
import { moveIntoFolders, openFolders, sumsPath, tarPath } from './tarball-folders.ts'

const keyOf = (folder: number, name: number): string =>
  `${folder.toString(16).padStart(2, '0')}${name.toString(16).padStart(38, '0')}`

/** Makes a tarball of 100 bytes that was used at this second. */
function addTarball(directory: string, key: string, usedAt: number): void {
  const file = tarPath(directory, key)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'x'.repeat(100))
  writeFileSync(sumsPath(file), '{}')
  utimesSync(sumsPath(file), usedAt, usedAt)
}

const keptOf = (directory: string, keys: string[]): string[] => keys.filter(key => existsSync(tarPath(directory, key)))

test('the least recently used tarballs of all folders are removed, until the rest is within the limit', async () => {
  const directory = temporaryDirectory()
  const keys = [5, 3, 9, 1, 7].map((usedAt, index) => {
    const key = keyOf(index % 3, index)
    addTarball(directory, key, usedAt)
    return key
  })
  await openFolders(directory, 300).makeRoom(new Set())

  expect(keptOf(directory, keys)).toEqual([keys[0], keys[2], keys[4]])
  for (const key of keys)
    expect(existsSync(sumsPath(tarPath(directory, key)))).toBe(existsSync(tarPath(directory, key)))
})

test('a tarball that was used again after the first measurement stays', async () => {
  const directory = temporaryDirectory()
  const [old = '', newer = '', newest = ''] = [keyOf(1, 1), keyOf(2, 1), keyOf(3, 1)]
  addTarball(directory, old, 1)
  addTarball(directory, newer, 2)
  const folders = openFolders(directory, 200)
  await folders.makeRoom(new Set([newer]))
  addTarball(directory, old, 50)
  addTarball(directory, newest, 40)
  await folders.makeRoom(new Set([newest]))

  expect(keptOf(directory, [old, newer, newest])).toEqual([old, newest])
})

test('a tarball that was in use at the first measurement can be removed later', async () => {
  const directory = temporaryDirectory()
  const [old = '', newer = ''] = [keyOf(1, 1), keyOf(2, 1)]
  const folders = openFolders(directory, 100)
  addTarball(directory, old, 1)
  await folders.makeRoom(new Set([old]))
  addTarball(directory, newer, 2)
  await folders.makeRoom(new Set([newer]))
  expect(keptOf(directory, [old, newer])).toEqual([newer])
})

test('tarballs in use stay, even if the cache is too large', async () => {
  const directory = temporaryDirectory()
  const keys = [keyOf(1, 1), keyOf(1, 2)]
  for (const key of keys) addTarball(directory, key, 1)
  await openFolders(directory, 1).makeRoom(new Set(keys))
  expect(keptOf(directory, keys)).toEqual(keys)
})

test('old drafts of a killed server are removed, new ones stay', async () => {
  const directory = temporaryDirectory()
  addTarball(directory, keyOf(1, 1), 1)
  const [old, young] = ['.old', '.young'].map(name => join(directory, '01', name)) as [string, string]
  for (const file of [old, young]) writeFileSync(file, '')
  utimesSync(old, 1, 1)
  await openFolders(directory, 1000).makeRoom(new Set())
  expect([old, young].map(existsSync)).toEqual([false, true])
})

test('the files of an earlier version of the farm move into the folders', async () => {
  const directory = temporaryDirectory()
  const key = keyOf(0xab, 1)
  for (const ending of ['.tar.gz', '.json']) writeFileSync(join(directory, `${key}${ending}`), '')
  await moveIntoFolders(directory)
  expect([tarPath(directory, key), sumsPath(tarPath(directory, key))].map(existsSync)).toEqual([true, true])
  await moveIntoFolders(join(directory, 'missing'))
})

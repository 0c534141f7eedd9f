import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { storedFiles } from './stored-files.ts'

/** More than Node reads from a directory at once. */
const manyJobs = Array.from({ length: 100 }, (_, job) => job)

function storageWith(paths: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-stored-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  for (const path of paths) {
    mkdirSync(join(directory, dirname(path)), { recursive: true })
    writeFileSync(join(directory, path), path)
  }
  return directory
}

test('a directory with many jobs has all its logs and artifacts among the stored files', async () => {
  const paths = manyJobs.flatMap(job => [
    `0/${job}.1.log`,
    `1/${job + 1000}.1.log`,
    `1/1000.1.artifacts/${job}.tar`,
    `1/${job + 1000}.2.artifacts/a.tar`,
  ])
  const found: string[] = []
  for await (const { path, bytes } of storedFiles(storageWith(paths))) {
    found.push(path)
    expect(bytes).toBe(path.length)
  }
  expect(found.sort()).toEqual(paths.sort())
})

test('artifacts that the farm deletes during the search are missing, and the search continues', async () => {
  const directory = storageWith(manyJobs.map(job => `0/${job}.1.artifacts/a.tar`))
  const found: string[] = []
  for await (const { path } of storedFiles(directory)) {
    found.push(path)
    for (const job of manyJobs) rmSync(join(directory, `0/${job}.1.artifacts`), { recursive: true, force: true })
  }
  expect(found).toHaveLength(1)
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDirectoryStorage } from './directory-storage.ts'

test('a storage takes no bytes if its disk has less free space than the reserve', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'space-'))
  const attempt = { jobId: 1, number: 1 }
  const roomy = openDirectoryStorage(directory, { reserveBytes: 1 })
  expect(await roomy.logs.open(attempt).write(0, Buffer.from('one'))).toBe(3)
  const full = openDirectoryStorage(directory, { reserveBytes: 1e18 })
  const log = full.logs.open(attempt)
  await expect(log.write(3, Buffer.from('two'))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect([log.size, await log.refreshSize()]).toEqual([3, 3])
  const artifact = full.artifacts.open({ ...attempt, name: 'a.out' })
  await expect(artifact.write(0, Buffer.from('two'))).rejects.toMatchObject({ code: 'ENOSPC' })
  for (const storage of [roomy, full]) await storage.close()
  rmSync(directory, { recursive: true })
})

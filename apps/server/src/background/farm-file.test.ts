import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, test, vi } from 'vitest'
import { watchFarmFile } from './farm-file.ts'

test('if the database refuses a new farm.yaml, the server loads it again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'farm-file-'))
  const path = join(directory, 'farm.yaml')
  const write = (step: string) =>
    writeFileSync(path, `projects: {a: {repository: /srv/a, steps: [{build: ${step}}]}}\n`)
  write('make')
  const offerFile = vi.fn().mockResolvedValue('active')
  const farm = { projects: { offerFile } } as unknown as Parameters<typeof watchFarmFile>[0]['farm']
  const self = { id: '1', name: 'server', migration: '' }
  const file = await watchFarmFile({ path, farm, self, log: pino({ level: 'silent' }) })
  offerFile.mockRejectedValueOnce(new Error('deadlock detected'))
  write('make all')

  await vi.waitFor(() => expect(offerFile).toHaveBeenCalledTimes(3), { timeout: 20_000 })
  const steps = offerFile.mock.calls.map(([{ projects }]) => projects[0].steps[0].run)
  expect(steps).toEqual(['make', 'make all', 'make all'])
  await file.close()
  rmSync(directory, { recursive: true })
})

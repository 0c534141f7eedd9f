import { expect } from 'vitest'
import { scene } from './support/scene.ts'

scene('a job runs its steps and sends its log and its end', async ({ farm, host, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ steps: { configure: 'cat readme.txt', build: 'echo built' } })
  await farm.finished(attempt)

  expect(attempt.log.toString()).toBe('a source\nbuilt\n')
  expect(attempt.finishes[0]).toMatchObject({ reason: 'exit', logsize: '15' })
  expect(attempt.finishes[0]?.steps).toMatch(/^0:[0-9]+:9,0:[0-9]+:15$/)
  await host.line(/^rumpfarm: attempt 1.1: exit, passed$/)
})

import { expect } from 'vitest'
import { serverTest } from '../../server.fixture.ts'

serverTest('the API and the page show the queue, and why each job waits', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax')
  await server.host('pdp')
  await server.build()
  const offer = await vax.take('2.1')
  await vax.say(offer, 'compiling\n')
  await server.farm.hosts.setPaused('pdp', true)
  server.repository.commit('Second')
  server.wait(60)
  await server.build()

  const queue = (await server.ask('/api/v1/queue')).json()
  expect(queue).toMatchObject({ total: 4, complete: true })
  expect(queue.items.map((job: Record<string, { code?: string }>) => [job.jobId, job.host, job.reason?.code])).toEqual([
    [1, 'pdp', 'host-paused'],
    [3, 'pdp', 'host-paused'],
    [4, 'vax', 'slot-busy'],
    [2, 'vax', undefined],
  ])
  expect(queue.items[2]).toMatchObject({ reason: { busyWith: 2, until: null }, startsAt: null, expectedMs: null })
  const ofHost = (await server.ask('/api/v1/queue?host=vax&project=sample')).json()
  expect(ofHost.items.map(({ jobId }: { jobId: number }) => jobId)).toEqual([4, 2])

  const { body } = await server.ask('/queue?host=vax')
  expect(body).toContain('1 waiting job<')
  expect(body).toContain('vax is busy with <a href="/jobs/2">job 2</a>.')
  expect(body).toContain('unknown, because no earlier run passed')
  expect((await server.ask('/jobs/3')).body).toContain('An administrator paused pdp <time')
})

serverTest('the API says how long a job usually takes, and why it waits', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax')
  await server.build()
  expect((await server.ask('/api/v1/jobs/1/expectation')).json()).toMatchObject({
    expectedMs: null,
    steps: {},
    queued: { jobId: 1, state: 'queued', host: 'vax', reason: { code: expect.any(String), text: expect.any(String) } },
  })
  await vax.end(await vax.take('1.1'))
  expect((await server.ask('/api/v1/jobs/1/expectation')).json()).toMatchObject({ queued: null })
  expect((await server.ask('/api/v1/jobs/9/expectation')).statusCode).toBe(404)
})

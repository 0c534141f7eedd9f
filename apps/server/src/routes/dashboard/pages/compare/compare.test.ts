import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../../../server.fixture.ts'

/** Runs a job whose two steps print half of the log each. */
async function run(server: TestServer, attempt: string, options: { lines: string[]; exits: number[] }) {
  const host = await (hosts.get(server) ?? server.host('vax'))
  hosts.set(server, host)
  await server.build()
  const offer = await host.take(attempt)
  const log = options.lines.join('\n').concat('\n')
  await host.say(offer, log)
  await host.end(offer, { exits: options.exits, log })
}
const hosts = new WeakMap<TestServer, Awaited<ReturnType<TestServer['host']>>>()

const text = (html: string) => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

serverTest('a job is compared with the last good job: steps, commits and lines', async ({ server }) => {
  await server.configure()
  const lines = (attempt: string, last: string) => [`cc /home/farm/attempt-${attempt}/a.c`, 'two', 'three', last]
  await run(server, '1.1', { lines: lines('1.1', 'done in 12 s'), exits: [0, 0] })
  server.repository.commit('Second')
  await run(server, '2.1', { lines: lines('2.1', 'a.c:5: error: no'), exits: [2] })

  const { body, statusCode } = await server.ask('/jobs/2/compare')
  expect(statusCode).toBe(200)
  const words = text(body)
  expect(words).toContain('Job 2 failed at build on vax for amd64')
  expect(words).toContain('Job 1 passed on vax for amd64')
  expect(words).toMatch(/commit [0-9a-f]{7} [0-9a-f]{7}/)
  expect(words).toContain('tests 0.0 s not reached')
  expect(words).toContain('Output of build')
  expect(words).toContain('The first 3 lines are equal.')
  expect(words).toContain('− done in 12 s + a.c:5: error: no')
  expect((await server.ask('/jobs/2')).body).toContain('href="/jobs/2/compare"')
  expect((await server.ask('/jobs/2/compare?with=2')).body).toContain('No line differs.')
})

serverTest('a job without an earlier good job, or with an unknown job, is not compared', async ({ server }) => {
  await server.configure()
  await run(server, '1.1', { lines: ['no'], exits: [2] })
  const alone = await server.ask('/jobs/1/compare')
  expect([alone.statusCode, text(alone.body)]).toEqual([404, expect.stringContaining('Job 1 has no other good run')])
  expect((await server.ask('/jobs/1/compare?with=99')).statusCode).toBe(404)
  expect((await server.ask('/jobs/99/compare')).statusCode).toBe(404)
  expect((await server.ask('/jobs/1')).body).not.toContain('/compare')
})

serverTest('the API compares two attempts, as the page does', async ({ server }) => {
  await server.configure({ confirm: 0 })
  await run(server, '1.1', { lines: ['one', 'two', 'three', 'done in 12 s'], exits: [0, 0] })
  server.repository.commit('Second')
  await run(server, '2.1', { lines: ['one', 'two', 'three', 'a.c:5: error: no'], exits: [2] })
  const answer = await server.ask('/api/v1/jobs/2/comparison')
  const comparison = answer.json()
  expect(comparison).toMatchObject({
    before: { attempt: '1.1', jobId: 1, host: 'vax', verdict: 'passed' },
    after: { attempt: '2.1', jobId: 2, host: 'vax', verdict: 'failed' },
    facts: [{ name: 'commit' }],
    steps: [
      { name: 'build', before: { exit: 0 }, after: { exit: 2 } },
      { name: 'tests', before: { exit: 0 }, after: null },
    ],
    step: 'build',
    lines: { complete: true, cut: false },
  })
  expect(comparison.lines.differences[0]).toContainEqual({ kind: 'after', number: 4, text: 'a.c:5: error: no' })
  expect((await server.ask('/api/v1/jobs/2/comparison?with=1.1&attempt=1')).json()).toEqual(comparison)

  expect((await server.ask('/api/v1/jobs/1/comparison')).json().detail).toMatch(/^no other job of the cell of job 1/)
  const statuses = ['with=9', 'with=1.2', 'attempt=3', 'with=x'].map(
    async query => (await server.ask(`/api/v1/jobs/2/comparison?${query}`)).statusCode,
  )
  expect(await Promise.all(statuses)).toEqual([404, 404, 404, 400])
})

import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'

const message = "src/a.c:12:3: error: 'x' undeclared"
const log = `compiling\n${message}\n    12 |   x = 1;\nmake: *** [all] Error 1\n`

/** Job 2 has failed on vax. The farm has not examined its log yet. */
async function failedJob({ configure, host, build }: TestServer) {
  await configure({ confirm: 0 })
  await host('sun')
  const vax = await host('vax')
  await build()
  const offer = await vax.take('2.1')
  await vax.say(offer, log)
  await vax.end(offer, { exits: [2], log })
}

serverTest('the API has the failure of a job, and says where else it occurs', async ({ server }) => {
  await failedJob(server)
  const url = '/api/v1/jobs/2/failure'
  const early = await server.ask(url)
  expect([early.statusCode, early.headers['retry-after']]).toEqual([404, '5'])
  expect(early.json().detail).toContain('the farm has not examined the log of attempt 2.1 yet')

  await server.farm.failures.examine({ jobId: 2, number: 1 })
  const failure = (await server.ask(url)).json()
  expect(failure).toMatchObject({
    attempt: '2.1',
    jobId: 2,
    step: 'build',
    exit: 2,
    message,
    line: 2,
    excerpt: { firstLine: 1, lines: log.trimEnd().split('\n') },
    fromHost: false,
    spread: { hosts: 1, of: 1, names: ['vax'] },
    seenBefore: null,
  })
  expect(failure.fingerprint).toMatch(/^[0-9a-f]{32}$/)
  expect((await server.ask('/api/v1/jobs/2/attempts/1/failure')).json()).toEqual(failure)
  expect((await server.ask('/api/v1/builds/1/failures')).json().groups).toMatchObject([
    { fingerprint: failure.fingerprint, message, jobs: 1, cells: [{ jobId: 2 }] },
  ])
})

serverTest('a job that has not failed has no failure', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax')
  await server.build()
  const detail = async (url: string) => {
    const { status, detail } = (await server.ask(`/api/v1/${url}`)).json()
    return [status, detail]
  }
  expect(await detail('jobs/1/failure')).toEqual([404, 'attempt 1.1 has not failed: it is queued'])
  await vax.end(await vax.take('1.1'))
  expect(await detail('jobs/1/failure')).toEqual([404, 'attempt 1.1 has not failed: it is passed'])
  expect(await detail('jobs/1/attempts/2/failure')).toEqual([404, 'there is no attempt 1.2'])
  expect(await detail('jobs/9/failure')).toEqual([404, 'there is no job 9'])
})

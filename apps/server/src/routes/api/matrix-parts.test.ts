import { looks } from '@rumpfarm/farm'
import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'

/** Both hosts pass the first commit. The second commit fails on vax, and waits for sun. */
async function brokenCell({ configure, host, build, repository, wait }: TestServer) {
  await configure()
  const [vax, sun] = [await host('vax'), await host('sun')]
  const commits = [repository.git('rev-parse', 'HEAD'), repository.commit('Second')]
  await build(commits[0])
  await vax.end(await vax.take('2.1'))
  await sun.end(await sun.take('1.1'))
  await build(commits[1])
  const failed = await vax.take('4.1')
  await vax.end(failed, { exits: [0, 2] })
  wait(200)
  return commits
}

serverTest('the API has one box of the matrix, with the range of its failure', async ({ server }) => {
  const [first, second] = await brokenCell(server)
  const box = (await server.ask('/api/v1/matrix/boxes/vax/amd64')).json()
  expect(box).toMatchObject({
    host: { name: 'vax', system: expect.any(String) },
    arch: 'amd64',
    cells: [
      {
        project: 'sample',
        look: 'unconfirmed',
        last: { verdict: 'failed', failedStep: 'tests', since: { commit: second }, lastGood: { commit: first } },
        range: { alsoOn: [], of: 1 },
      },
    ],
  })
  const passed = (await server.ask('/api/v1/matrix/boxes/sun/amd64?project=sample&branch=main')).json()
  expect(passed.cells).toMatchObject([{ host: 'sun', range: null, active: { state: 'queued' } }])
  expect((await server.ask('/api/v1/matrix/boxes/sun/vax')).json().cells).toEqual([])
})

serverTest('the API has the news of the matrix: causes, the longest wait and silent hosts', async ({ server }) => {
  const [first, second] = await brokenCell(server)
  const news = (await server.ask('/api/v1/matrix/news')).json()
  expect(news).toMatchObject({
    failing: [
      {
        project: 'sample',
        branch: 'main',
        kind: 'unconfirmed',
        step: 'tests',
        since: { commit: second },
        lastGood: { commit: first },
        hosts: ['vax'],
        of: 2,
        cells: [{ host: 'vax', arch: 'amd64', variant: 'default', jobId: 4 }],
      },
    ],
    fixed: [],
    still: [],
    longestWait: { host: 'sun', jobId: 3 },
  })
  expect(news.failing[0].cells[0]).not.toHaveProperty('look')
  const other = (await server.ask('/api/v1/matrix/news?host=sun')).json()
  expect(other).toMatchObject({ failing: [], longestWait: { host: 'sun' } })
})

serverTest('the API answers 404 to a box or news of an unknown host, project or branch', async ({ server }) => {
  await brokenCell(server)
  for (const [path, problem] of [
    ['boxes/none/amd64', { detail: 'there is no host none' }],
    ['boxes/vax/amd64?project=none', { known: ['sample'] }],
    ['boxes/vax/amd64?project=sample&branch=none', { known: ['main'] }],
    ['news?project=none', { known: ['sample'] }],
    ['news?project=sample&branch=none', { known: ['main'] }],
    ['news?branch=none', { detail: expect.stringContaining('of any project') }],
  ] as const) {
    const answer = await server.ask(`/api/v1/matrix/${path}`)
    expect([path, answer.statusCode]).toEqual([path, 404])
    expect(answer.json()).toMatchObject(problem)
  }
})

serverTest('the schema of a box has all looks of the farm', async ({ server }) => {
  const { components } = (await server.ask('/api/v1/openapi.json')).json()
  expect(components.schemas.MatrixBox.properties.cells.items.properties.look.enum).toEqual(looks)
})

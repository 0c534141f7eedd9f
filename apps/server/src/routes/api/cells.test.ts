import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'

/** The first commit passes on vax and sun; the second commit fails on vax. */
async function failingCell({ configure, host, build, repository }: TestServer) {
  await configure()
  const [vax, sun] = [await host('vax'), await host('sun')]
  const commits = [repository.git('rev-parse', 'HEAD'), repository.commit('Second')]
  for (const commit of commits) await build(commit)
  await vax.end(await vax.take('2.1'))
  await sun.end(await sun.take('1.1'))
  await vax.end(await vax.take('4.1'), { exits: [0, 2] })
  return commits
}

serverTest('the API lists the cells of a branch page by page, and filters them', async ({ server }) => {
  const [first, second] = await failingCell(server)
  const page = await server.ask('/api/v1/projects/sample/cells?limit=1')
  expect(page.json().items).toMatchObject([{ host: 'sun', last: { state: 'passing', commit: first } }])
  const next = (await server.ask(page.json().next)).json()
  expect(next.items).toMatchObject([{ host: 'vax', last: { state: 'newly-failing-unconfirmed', commit: second } }])
  expect(next.next).toBeNull()
  const passing = (await server.ask('/api/v1/projects/sample/cells?state=passing')).json()
  expect(passing.items.map((cell: { host: string }) => cell.host)).toEqual(['sun'])
  expect((await server.ask('/api/v1/projects/sample/cells?cursor=xx')).statusCode).toBe(400)
  expect((await server.ask('/api/v1/projects/none/cells')).json()).toMatchObject({ status: 404, known: ['sample'] })
  expect((await server.ask('/api/v1/projects/sample/cells?branch=none')).json()).toMatchObject({ known: ['main'] })
})

serverTest('the API has a cell with its history and its last good run', async ({ server }) => {
  const [first, second] = await failingCell(server)
  const cell = (await server.ask('/api/v1/projects/sample/cells/vax/amd64/default')).json()
  expect(cell).toMatchObject({
    branch: 'main',
    planned: true,
    last: { state: 'newly-failing-unconfirmed', lastGood: { commit: first, jobId: 2 } },
    runs: [
      { attempt: '4.1', commit: second, verdict: 'failed', failedStep: 'tests' },
      { attempt: '2.1', commit: first, verdict: 'passed' },
    ],
    sinceLastGood: { sources: [{ name: 'sample', before: first, after: second, compareUrl: null }] },
  })
  expect((await server.ask('/api/v1/projects/sample/cells/vax/none/default')).statusCode).toBe(404)
})

serverTest('the API says what a build broke, and lists commits and last good commits', async ({ server }) => {
  const [first, second] = await failingCell(server)
  expect((await server.ask('/api/v1/builds/2/changes')).json()).toMatchObject({
    branch: 'main',
    previous: { buildId: 1, commit: first },
    jobs: [
      { host: 'sun', effect: 'none' },
      { host: 'vax', effect: 'broke', failedStep: 'tests', before: { jobId: 2 } },
    ],
    sources: [{ before: first, after: second }],
  })
  expect((await server.ask('/api/v1/builds/2/failures')).json()).toEqual({ groups: [], more: false })
  expect((await server.ask('/api/v1/builds/9/failures')).statusCode).toBe(404)
  const commits = (await server.ask('/api/v1/projects/sample/commits?limit=1')).json()
  expect(commits.items).toMatchObject([{ commit: second, buildId: 2 }])
  expect((await server.ask(commits.next)).json().items).toMatchObject([{ commit: first, buildId: 1 }])
  const table = (await server.ask('/api/v1/projects/sample/commit-table')).json()
  expect(table).toMatchObject({
    branch: 'main',
    columns: [
      { host: 'sun', arch: 'amd64' },
      { host: 'vax', arch: 'amd64' },
    ],
    items: [
      {
        commit: { commit: second },
        results: [{ verdict: null }, { verdict: 'failed', failedStep: 'tests', jobId: 4 }],
      },
      { commit: { commit: first }, results: [{ verdict: 'passed' }, { verdict: 'passed', variants: 1, of: 1 }] },
    ],
    moreColumns: false,
    next: null,
  })
  const page = (await server.ask('/projects/sample/commits')).body
  expect(page).toContain(
    '<td class="of-failed"><a class="mark failed" href="/jobs/4" title="vax amd64: failed at tests">',
  )
  const narrow = (await server.ask('/api/v1/projects/sample/commit-table?host=vax&fromColumn=1')).json()
  expect([narrow.columns, narrow.fromColumn]).toEqual([[], 1])
  expect((await server.ask('/api/v1/projects/none/commit-table')).statusCode).toBe(404)
  expect((await server.ask('/api/v1/projects/sample/last-good')).json().items).toMatchObject([
    { host: 'sun', behind: 1, lastGood: { commit: first } },
    { host: 'vax', behind: 1, lastGood: { commit: first } },
  ])
})

import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'

const commit = 'a'.repeat(40)
const path = '/api/v1/projects/sample/pull-requests'

/** A pull request from a fork that waits for an approval. */
async function waiting(server: TestServer, number = 7) {
  await server.configure({ pullRequests: { fromForks: 'approve', hosts: ['*'], build: 'merge' } })
  const received = await server.farm.pullRequests.receive({
    project: 'sample',
    action: 'opened',
    number,
    title: 'Fix <the> parser',
    author: 'eve',
    head: { ref: 'topic', commit, urls: [] },
    base: { branch: 'main' },
    fork: true,
    url: 'https://forge.example/sample/pull/7',
    headRef: `refs/pull/${number}/head`,
    mergeRef: null,
  })
  const id = received.kind === 'recorded' ? received.id : 0
  const request = await server.farm.pullRequests.findToExamine(id)
  if (request) await server.farm.pullRequests.recordHead(request, { commit, fork: true })
}

serverTest('the API lists pull requests, and shows one with its commits', async ({ server }) => {
  await waiting(server)
  const { items } = (await server.ask(path)).json()
  expect(items).toMatchObject([
    { number: 7, state: 'open', approval: 'waiting', fork: true, buildId: null, headCommit: commit },
  ])
  expect((await server.ask(`${path}?state=waiting`)).json().items).toHaveLength(1)
  expect((await server.ask(`${path}?state=merged`)).json().items).toEqual([])
  expect((await server.ask(`${path}/7`)).json()).toMatchObject({
    title: 'Fix <the> parser',
    commits: [{ commit, approval: 'waiting', decidedBy: null, ended: null }],
  })
  expect((await server.ask(`${path}/8`)).json()).toMatchObject({ status: 404 })
  expect((await server.ask('/api/v1/projects/x/pull-requests')).json()).toMatchObject({
    status: 404,
    known: ['sample'],
  })
})

serverTest('the list of pull requests has pages', async ({ server }) => {
  for (const number of [1, 2, 3]) await waiting(server, number)
  const first = (await server.ask(`${path}?limit=2`)).json()
  expect(first.items.map(({ number }: { number: number }) => number)).toEqual([3, 2])
  expect((await server.ask(first.next)).json()).toMatchObject({ items: [{ number: 1 }], next: null })
})

serverTest('an administrator approves or refuses exactly the newest commit', async ({ server }) => {
  await waiting(server)
  const other = await server.post(`${path}/7/approve`, { commit: 'b'.repeat(40) })
  expect([other.statusCode, other.json().type]).toEqual([404, 'urn:rumpfarm:problem:unknown'])
  expect((await server.post(`${path}/7/approve`, { commit: 'aaaa' })).statusCode).toBe(400)
  const approved = await server.post(`${path}/7/approve`, { commit })
  expect(approved.json()).toMatchObject({ approval: 'approved', commits: [{ decidedBy: 'admin' }] })
  expect((await server.post(`${path}/7/refuse`, { commit })).json()).toMatchObject({ approval: 'refused' })

  await server.sql(`UPDATE "PullRequest" SET "headCommit" = repeat('c', 40)`)
  const late = await server.post(`${path}/7/approve`, { commit })
  expect([late.statusCode, late.json().type]).toEqual([409, 'urn:rumpfarm:problem:not-approvable'])
  expect(late.json().detail).toContain(`has a newer commit, ${'c'.repeat(40)}`)
})

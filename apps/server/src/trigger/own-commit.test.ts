// Attempts to make the farm build a commit that nobody with permission has pushed to a branch or a tag.
import { renameSync } from 'node:fs'
import { openMirrors } from '@rumpfarm/connectors'
import { expect } from 'vitest'
import { prepareSources } from '../background/tasks/prepare-sources.ts'
import { handle, pushOf, send } from '../routes/webhooks/webhooks.fixture.ts'
import { serverTest, type TestServer } from '../server.fixture.ts'

const builds = '/api/v1/projects/sample/builds'

/** The repository has a fork's commit only under refs/pull/7/head, and another one on the branch `side`. */
function arrange({ repository }: TestServer): { fork: string; side: string; main: string } {
  const { git } = repository
  const main = git('rev-parse', 'HEAD')
  git('checkout', '--quiet', '-b', 'topic')
  const fork = repository.commit('From a fork')
  git('update-ref', 'refs/pull/7/head', fork)
  git('checkout', '--quiet', 'main')
  git('branch', '-D', 'topic')
  git('checkout', '--quiet', '-b', 'side')
  const side = repository.commit('Aside')
  git('checkout', '--quiet', 'main')
  git('tag', 'v1')
  return { fork, side, main }
}

serverTest('nobody can make the farm build a commit that only a pull request has', async ({ server }) => {
  await server.configure({ branches: ['main', 'side'], tags: ['*'] })
  const { fork } = arrange(server)
  for (const ref of [fork, fork.slice(0, 10), 'refs/pull/7/head', 'pull/7/head', `refs/farm/${fork}`]) {
    const answer = await server.post(builds, { ref })
    expect([ref, answer.statusCode, answer.json().type]).toEqual([ref, 422, 'urn:rumpfarm:problem:no-such-commit'])
  }
  expect((await server.post(builds, { ref: fork })).json().detail).toMatch(/has commit .*: is it from a fork\?$/)
  const deliveries = [
    await handle(server, pushOf(server, fork), { id: 'd1' }),
    await handle(server, pushOf(server, fork, { ref: 'refs/heads/side' }), { id: 'd2' }),
    await handle(server, pushOf(server, fork, { ref: 'refs/tags/v1' }), { id: 'd3' }),
    await handle(server, pushOf(server, fork, { ref: 'refs/tags/v2' }), { id: 'd4' }),
  ]
  expect(deliveries.map(({ outcome }) => outcome)).toEqual(['retrying', 'retrying', 'retrying', 'retrying'])
  expect(deliveries[0]?.reason).toMatch(
    /refs\/heads\/main of .* does not have commit .*: it is from a fork, or somebody/,
  )
  const sent = await send(server, { project: 'sample', commit: fork, branch: 'main' })
  expect(await server.handled(sent.json().delivery.id)).toMatchObject({ outcome: 'retrying' })
  expect(await server.stored()).toBe(0)
})

serverTest('a commit is built only for a branch that has it', async ({ server }) => {
  await server.configure({ branches: ['main', 'side'] })
  const { side, main } = arrange(server)
  expect((await handle(server, pushOf(server, side), { id: 'd1' })).outcome).toBe('retrying')
  expect((await handle(server, pushOf(server, side, { ref: 'refs/heads/side' }), { id: 'd2' })).outcome).toBe('built')
  server.repository.commit('Newer')
  expect((await handle(server, pushOf(server, main), { id: 'd3' })).outcome).toBe('built')
})

serverTest('a false event that says "merged" does not make a fork’s commit the project’s own', async ({ server }) => {
  await server.configure({ pullRequests: { fromForks: 'approve', hosts: ['*'], build: 'merge' } })
  const { fork } = arrange(server)
  const event = {
    ...{ project: 'sample', number: 7, title: 'Fix', author: 'eve', base: { branch: 'main' }, fork: true, url: null },
    ...{ head: { ref: 'topic', commit: fork, urls: [] }, headRef: 'refs/pull/7/head', mergeRef: null },
  }
  const opened = await server.farm.pullRequests.receive({ ...event, action: 'opened' })
  const request = await server.farm.pullRequests.findToExamine(opened.kind === 'recorded' ? opened.id : 0)
  if (!request) throw new Error('nothing to examine')
  await server.farm.pullRequests.recordHead(request, { commit: fork, fork: true })
  await server.farm.pullRequests.receive({ ...event, action: 'merged' })
  expect((await server.post(builds, { ref: fork })).json().type).toBe('urn:rumpfarm:problem:fork-commit')
  expect((await handle(server, pushOf(server, fork))).outcome).toBe('ignored')
  expect(await server.stored()).toBe(0)

  // A person with permission merges it.
  server.repository.git('update-ref', 'refs/heads/main', fork)
  expect((await handle(server, pushOf(server, fork), { id: 'd2' })).outcome).toBe('built')
  expect((await server.ask('/api/v1/builds/1')).json()).toMatchObject({ kind: 'branch', branch: 'main', commit: fork })
})

serverTest('the farm checks a commit later if the repository did not answer', async ({ server }) => {
  await server.configure()
  const { fork, main } = arrange(server)
  const { directory } = server.repository
  renameSync(directory, `${directory}.away`)
  const [wrong, right] = [await server.post(builds, { ref: fork }), await server.post(builds, { ref: main })]
  expect([wrong.statusCode, right.statusCode]).toEqual([201, 201])
  renameSync(`${directory}.away`, directory)
  const mirrors = openMirrors({ directory: `${directory}.prepared`, environment: process.env })
  const services = { farm: server.farm, mirrors, requests: { readBranches: () => undefined } } as never
  for (const { id } of [wrong.json(), right.json()]) await prepareSources(services, { buildId: id })
  mirrors.close()
  const problemOf = async (id: number) => (await server.ask(`/api/v1/builds/${id}`)).json().problem
  expect(await problemOf(wrong.json().id)).toMatch(/no branch and no tag of .* has commit/)
  expect(await problemOf(right.json().id)).toBeNull()
})

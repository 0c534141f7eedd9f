import { dirname, join } from 'node:path'
import { openMirrors } from '@rumpfarm/connectors'
import { expect, onTestFinished } from 'vitest'
import { smartHttp, startForge } from '../../../../../packages/connectors/src/support/forge.ts'
import { serverTest, type TestServer } from '../../server.fixture.ts'
import { look, requestLooks } from './look.ts'

/** The repository behind a real git http-backend that can go away, and a server that looks at it. */
async function scene(server: TestServer) {
  const root = dirname(server.repository.directory)
  const backend = smartHttp(root)
  let away = false
  const forge = await startForge((request, response) => {
    if (!away) return backend(request, response)
    response.statusCode = 503
    response.end()
  })
  const repository = `${forge.url}/repository/.git`
  const mirrors = openMirrors({ directory: join(root, 'looks'), environment: process.env })
  onTestFinished(() => mirrors.close())
  const requests: string[] = []
  const services = {
    ...{ farm: server.farm, mirrors, log: { warn: () => undefined } },
    requests: { look: (address: string) => void requests.push(address) },
  } as never
  return {
    repository,
    setAway: (now: boolean) => {
      away = now
    },
    /** Runs the looks that are due. Returns how many. */
    async looks() {
      await requestLooks(services, {})
      const due = requests.splice(0)
      for (const address of due) await look(services, { repository: address })
      return due.length
    },
  }
}

const builds = async ({ farm }: TestServer) =>
  (await farm.builds.list({ limit: 10 })).map(({ commit, branch, cause }) => ({ commit, branch, cause }))

serverTest('a push is found although the repository was away for some time', async ({ server }) => {
  const { repository, looks, setAway } = await scene(server)
  const first = server.repository.commit('One')
  await server.configure({ repository, pollSeconds: 300 })
  expect(await looks()).toBe(1)
  expect(await builds(server)).toEqual([{ commit: first, branch: 'main', cause: 'poll' }])
  expect(await looks()).toBe(0)

  setAway(true)
  const second = server.repository.commit('Two')
  server.wait(330)
  expect(await looks()).toBe(1)
  const answer = await server.ask('/api/v1/projects/sample/repositories')
  expect(answer.json()).toMatchObject({
    items: [{ repository, everySeconds: 300, problem: /503/ }].map(({ problem: _, ...item }) => item),
  })
  expect(answer.json().items[0].problem).toContain('503')
  expect((await server.ask('/projects/sample')).payload).toContain('cannot look for new commits since')

  setAway(false)
  server.wait(330)
  expect(await looks()).toBe(1)
  expect((await builds(server))[0]).toEqual({ commit: second, branch: 'main', cause: 'poll' })
  expect((await server.ask('/api/v1/projects/sample/repositories')).json().items[0].problem).toBeNull()
})

serverTest('a push of the downtime is built once, although the server starts twice', async ({ server }) => {
  const { repository, looks } = await scene(server)
  server.repository.commit('One')
  await server.configure({ repository })
  await looks()
  const second = server.repository.commit('Two')
  for (const _ of [1, 2]) {
    server.wait(60)
    await server.farm.polling.wantLooks()
    expect(await looks()).toBe(1)
  }
  expect(await builds(server)).toEqual([{ commit: second, branch: 'main', cause: 'poll' }])
})

serverTest('a branch that two looks do not find leaves the matrix', async ({ server }) => {
  const { repository, looks } = await scene(server)
  server.repository.git('branch', 'release/1')
  await server.configure({ repository, pollSeconds: 60 })
  await looks()
  server.repository.git('switch', '--quiet', 'release/1')
  server.repository.commit('A fix')
  server.repository.git('switch', '--quiet', 'main')
  const built: (string[] | undefined)[] = []
  for (const deletes of [false, true, false]) {
    if (deletes) server.repository.git('branch', '-D', 'release/1')
    server.wait(70)
    await looks()
    built.push((await server.farm.matrix.load()).branches[0]?.built)
  }
  expect(built).toEqual([['release/1', 'main'], ['release/1', 'main'], ['main']])
})

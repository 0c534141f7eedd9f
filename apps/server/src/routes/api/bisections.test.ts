import { expect } from 'vitest'
import { serverTest, type TestHost, type TestServer } from '../../server.fixture.ts'

const cell = { project: 'sample', host: 'vax', arch: 'amd64' }

/** Builds a commit on one host. */
async function result(server: TestServer, host: TestHost, commit: string, exits: number[]): Promise<void> {
  const build = await server.build(commit)
  const { jobs = [] } = (await server.farm.builds.find(build)) ?? {}
  await host.end(await host.take(`${jobs[0]?.id}.1`), { exits })
}

/** A cell that passes at the first commit, and fails three commits later. */
async function failingCell(server: TestServer): Promise<TestHost> {
  await server.configure({ confirm: 0 })
  const host = await server.host('vax')
  await result(server, host, server.repository.git('rev-parse', 'HEAD'), [0, 0])
  for (const subject of ['Second', 'Third', 'Fourth']) server.repository.commit(subject)
  const commits = server.repository.git('log', '--format=%H').split('\n')
  await result(server, host, commits[0] ?? '', [1])
  await server.farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits, complete: true })
  return host
}

serverTest(
  'the API shows the price of a bisection, and starts, lists, cancels and continues it',
  async ({ server }) => {
    await failingCell(server)
    const price = await server.post('/api/v1/bisections', { ...cell, dryRun: true })
    expect([price.statusCode, price.json()]).toMatchObject([200, { id: null, created: false, host: 'vax' }])

    const started = await server.post('/api/v1/bisections', cell)
    expect([started.statusCode, started.headers.location]).toEqual([201, '/api/v1/bisections/1'])
    expect(started.json()).toMatchObject({ id: 1, created: true, budgetSeconds: 21600 })
    expect(started.json().url).toMatch(/\/bisections\/1$/)
    const again = await server.post('/api/v1/bisections', cell)
    expect([again.statusCode, again.json()]).toMatchObject([200, { id: 1, created: false }])

    expect((await server.ask('/api/v1/bisections?state=open')).json().items).toMatchObject([{ id: 1, ...cell }])
    expect((await server.ask('/api/v1/bisections/1')).json()).toMatchObject({ state: 'preparing', probes: [] })
    expect((await server.ask('/api/v1/bisections/2')).statusCode).toBe(404)

    expect((await server.post('/api/v1/bisections/1/cancel')).json()).toMatchObject({ outcome: 'cancelled' })
    expect((await server.post('/api/v1/bisections/1/cancel')).json().type).toMatch(/bisection-ended$/)
    expect((await server.post('/api/v1/bisections/1/continue')).json()).toMatchObject({ state: 'preparing' })
    expect((await server.post('/api/v1/bisections/1/continue')).json().type).toMatch(/not-bisectable$/)
  },
)

serverTest('the API says why a cell cannot be bisected', async ({ server }) => {
  const host = await failingCell(server)
  expect((await server.post('/api/v1/bisections', { ...cell, host: 'pdp' })).statusCode).toBe(404)
  expect((await server.post('/api/v1/bisections', { ...cell, project: 'x' })).json().type).toMatch(/unknown-project$/)
  const fixed = server.repository.commit('Fixed')
  await result(server, host, fixed, [0, 0])
  expect((await server.post('/api/v1/bisections', cell)).json()).toMatchObject({
    status: 409,
    detail: expect.stringMatching(/does not fail now/),
  })
})

serverTest('the API says what the failing hosts of a build have in common', async ({ server }) => {
  await server.configure({ confirm: 0 })
  const arches = { a: 'sparc64', b: 'mips', c: 'amd64', d: 'mipsel' }
  const hosts = new Map<string, TestHost>()
  for (const [name, arch] of Object.entries(arches)) hosts.set(name, await server.host(name, [arch]))
  const build = await server.build()
  const { jobs = [] } = (await server.farm.builds.find(build)) ?? {}
  for (const { id, host } of jobs) {
    const fails = host === 'a' || host === 'b'
    const offer = await hosts.get(host)?.take(`${id}.1`)
    const log = 'a.c:1: error: wrong byte order\n'
    if (offer) await hosts.get(host)?.say(offer, log)
    if (offer) await hosts.get(host)?.end(offer, { exits: fails ? [1] : [0, 0], log })
    await server.farm.failures.examine({ jobId: id, number: 1 })
  }
  expect((await server.ask(`/api/v1/builds/${build}/traits`)).json().items).toMatchObject([
    {
      step: 'build',
      message: 'a.c:1: error: wrong byte order',
      words: 'fails on all big-endian hosts, passes elsewhere',
      failingHosts: ['a', 'b'],
      passingHosts: ['c', 'd'],
    },
  ])
  expect((await server.ask('/api/v1/builds/99/traits')).statusCode).toBe(404)
  expect((await server.ask(`/builds/${build}`)).body).toContain('fails on all big-endian hosts, passes elsewhere')
})

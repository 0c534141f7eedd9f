// Tests of pages that a client reads while somebody adds and removes items.
import { expect } from 'vitest'
import { adminToken, serverTest, type TestServer } from '../../server.fixture.ts'

type Page = { items: Record<string, unknown>[]; next: string | null }

/** Reads a list in pages of two items, and calls `meanwhile` between two pages. Returns the key of each item. */
async function read({ ask }: TestServer, path: string, key: string, meanwhile: () => Promise<unknown>) {
  const keys: unknown[] = []
  const headers = { authorization: `Bearer ${adminToken}` }
  for (let url: string | null = `/api/v1/${path}${path.includes('?') ? '&' : '?'}limit=2`; url !== null; ) {
    const page: Page = (await ask({ url, headers })).json()
    keys.push(...page.items.map(item => item[key]))
    url = page.next
    if (url !== null) await meanwhile()
  }
  return keys
}

serverTest('pages of builds and jobs repeat and omit nothing while new builds arrive', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax', ['amd64'])
  let builds = 0
  const build = () => server.build(server.repository.commit(`${++builds}`))
  for (let count = 0; count < 5; count++) await build()
  expect(await read(server, 'builds', 'id', build)).toEqual([5, 4, 3, 2, 1])
  expect(await read(server, 'jobs', 'id', build)).toEqual([7, 6, 5, 4, 3, 2, 1])

  // A job of an earlier page ends, and leaves the list of active jobs.
  let next = 11
  const endOne = async () => vax.end(await vax.take(`${next--}.1`))
  await build()
  expect(await read(server, 'jobs?status=active', 'id', endOne)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

serverTest('pages of hosts, tokens and projects repeat and omit nothing while names are added', async ({ server }) => {
  // An upper-case letter sorts before a lower-case letter, in the database and in the server.
  const names = ['b', 'D', 'f', 'H', 'j']
  const sorted = ['D', 'H', 'b', 'f', 'j']
  await server.configure(...names.map(name => ({ name })))
  for (const name of names) {
    await server.host(name)
    await server.farm.access.createToken(name, 'trigger')
  }
  const added = ['a', 'C', 'z']
  const found = async (path: string, add: (name: string) => Promise<unknown>) => {
    const left = [...added]
    const keys = await read(server, path, 'name', () => add(left.shift() ?? `A${left.length}`))
    expect(new Set(keys).size).toBe(keys.length)
    return keys.filter(key => names.includes(String(key)))
  }
  expect(await found('hosts', name => server.host(name))).toEqual(sorted)
  expect(await found('tokens', name => server.farm.access.createToken(name, 'trigger'))).toEqual(sorted)
  const configured = [...names]
  const configure = async (name: string) => {
    configured.push(name)
    await server.configure(...configured.map(each => ({ name: each })))
  }
  expect(await found('projects', configure)).toEqual(sorted)

  // The item before the next page is removed.
  await server.configure(...names.map(name => ({ name })))
  const withoutB = async () => server.configure(...names.filter(name => name !== 'H').map(name => ({ name })))
  expect(await read(server, 'projects', 'name', withoutB)).toEqual(['D', 'H', 'b', 'f', 'j'])
  expect(await read(server, 'hosts', 'name', () => server.farm.hosts.remove('H'))).toContain('f')
})

const linesOf = (body: string): { id: number }[] =>
  body
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

serverTest(
  'builds and jobs are available as NDJSON, with the same members and filters as their pages',
  async ({ server }) => {
    await server.configure()
    await server.host('vax', ['amd64', 'arm'])
    for (const subject of ['1', '2', '3']) await server.build(server.repository.commit(subject))
    const accept = { accept: 'application/x-ndjson' }
    for (const path of ['builds', 'jobs', 'jobs?arch=arm', 'builds?project=none', 'jobs?build=2&status=queued']) {
      const page = (await server.ask(`/api/v1/${path}`)).json()
      const bulk = await server.ask({ url: `/api/v1/${path}`, headers: accept })
      expect(bulk.headers).toMatchObject({ 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
      expect(bulk.body === '' ? [] : linesOf(bulk.body)).toEqual(page.items)
      const asked = await server.ask(`/api/v1/${path}${path.includes('?') ? '&' : '?'}format=ndjson&limit=1`)
      expect(asked.body).toBe(bulk.body)
    }
    const json = await server.ask({ url: '/api/v1/builds?format=json', headers: accept })
    expect(json.headers['content-type']).toMatch(/^application\/json/)
    const { next } = (await server.ask('/api/v1/jobs?limit=2')).json()
    const rest = await server.ask({ url: next, headers: accept })
    expect(linesOf(rest.body).map(({ id }) => id)).toEqual([4, 3, 2, 1])
    const wrong = await server.ask('/api/v1/jobs?format=ndjson&cursor=!')
    expect(wrong.json()).toMatchObject({ status: 400, type: 'urn:rumpfarm:problem:invalid' })
  },
)

serverTest('cells, commits, bisections, hosts and tests are available as NDJSON too', async ({ server }) => {
  await server.configure({ results: [{ files: 'r.xml' }] })
  const vax = await server.host('vax', ['amd64', 'arm'])
  const xml = '<testsuite name="io"><testcase name="reads"/><testcase name="writes"/></testsuite>'
  for (const subject of ['1', '2']) {
    const commit = server.repository.commit(subject)
    await server.build(commit)
    await server.farm.matrix.applyHistory(historyOf(server))
  }
  for (const id of [1, 2, 3]) {
    await vax.end(await vax.take(`${id}.1`), { artifacts: { 'r.xml': Buffer.from(xml) } })
    await server.farm.failures.examine({ jobId: id, number: 1 })
  }
  const sample = 'projects/sample'
  const paths = ['cells', 'cells?arch=arm', 'commits', 'last-good', 'tests', 'tests?q=w'].map(
    path => `${sample}/${path}`,
  )
  for (const path of [...paths, 'hosts', 'bisections', 'jobs/1/tests', 'jobs/1/attempts/1/tests?outcome=passed']) {
    const { items } = (await server.ask(`/api/v1/${path}`)).json()
    const bulk = await server.ask(`/api/v1/${path}${path.includes('?') ? '&' : '?'}format=ndjson`)
    expect([path, bulk.headers['content-type']]).toEqual([path, 'application/x-ndjson'])
    expect([path, bulk.body === '' ? [] : linesOf(bulk.body)]).toEqual([path, items])
    expect([path, items.length > 0]).toEqual([path, path !== 'bisections'])
  }
  const rest = (await server.ask(`/api/v1/${sample}/cells?limit=1`)).json()
  expect(linesOf((await server.ask(`${rest.next}&format=ndjson`)).body)).toMatchObject([{ host: 'vax', arch: 'arm' }])
})

const historyOf = ({ repository }: TestServer) => ({
  project: 'sample',
  branch: 'main',
  commits: repository.git('log', '--format=%H').split('\n'),
  complete: true,
})

import { expect } from 'vitest'
import { serverTest, type TestHost, type TestServer } from '../../../../server.fixture.ts'

async function result(server: TestServer, host: TestHost, commit: string, exits: number[]): Promise<void> {
  const build = await server.build(commit)
  const { jobs = [] } = (await server.farm.builds.find(build)) ?? {}
  await host.end(await host.take(`${jobs[0]?.id}.1`), { exits })
}

/** A cell that passes at the first commit and fails two commits later. */
async function failingCell(server: TestServer): Promise<{ host: TestHost; commits: string[] }> {
  await server.configure({ confirm: 0 })
  const host = await server.host('vax')
  const commits = [server.repository.git('rev-parse', 'HEAD'), ...['Second', 'Third'].map(server.repository.commit)]
  await result(server, host, commits[0] ?? '', [0, 0])
  await result(server, host, commits[2] ?? '', [1])
  const newestFirst = [...commits].reverse()
  await server.farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits: newestFirst, complete: true })
  return { host, commits }
}

const cell = { project: 'sample', branch: 'main', host: 'vax', arch: 'amd64', variant: 'default' }
const textOf = (html: string) => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

/** Signs in as an administrator. Returns a function that sends a form of a page. */
async function administrator(server: TestServer) {
  const { url } = (await server.post('/api/v1/login-links')).json()
  const path = new URL(url).pathname
  const signedIn = await server.ask({ method: 'POST', url: path })
  const cookies = Object.fromEntries(signedIn.cookies.map(({ name, value }) => [name, value]))
  return {
    read: async (address: string) => (await server.ask({ url: address, cookies })).body,
    send: async (page: string, address: string, fields = {}) => {
      const { body } = await server.ask({ url: page, cookies })
      const [, csrf = ''] = /name="_csrf" value="([^"]+)"/.exec(body) ?? []
      const payload = new URLSearchParams({ _csrf: csrf, ...fields }).toString()
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return server.ask({ method: 'POST', url: address, payload, cookies, headers })
    },
  }
}

serverTest('the page of a bisection shows its commits, its runs and its answer', async ({ server }) => {
  const { host, commits } = await failingCell(server)
  const started = await server.farm.bisections.start({ ...cell, startedBy: 'Ada' })
  const id = started.kind === 'started' ? started.id : 0
  expect(textOf((await server.ask(`/bisections/${id}`)).body)).toContain('The farm has not read the commits yet')
  await server.farm.bisections.storeRange(id, {
    kind: 'range',
    base: commits[0] ?? '',
    commits: commits.slice(1).map((commit, index) => ({
      commit,
      author: 'A. Author',
      subject: `Change <${index}>`,
      isMerge: index === 1,
      files: [],
    })),
  })
  await server.farm.bisections.advance(id)
  const [build = 0] = await server.farm.builds.listUnprepared()
  await server.farm.builds.markSourcesReady(build, { sources: [] })
  const { jobs = [] } = (await server.farm.builds.find(build)) ?? {}
  expect(textOf((await server.ask(`/bisections/${id}`)).body)).toMatch(/last good commit again waiting/)
  await host.end(await host.take(`${jobs[0]?.id}.1`), { exits: [1] })
  await server.farm.failures.examine({ jobId: jobs[0]?.id ?? 0, number: 1 })
  await server.farm.bisections.advance(id)

  const mark = `probe of bisection ${id}`
  expect(textOf((await server.ask('/builds')).body)).toContain(mark)
  expect(textOf((await server.ask('/builds?probes=no')).body)).not.toContain(mark)
  expect(textOf((await server.ask(`/builds/${build}`)).body)).toContain(mark)
  expect((await server.ask(`/api/v1/builds/${build}`)).json()).toMatchObject({ bisection: id })
  const ordinary = (await server.ask('/api/v1/builds?probes=false')).json().items
  expect(ordinary.map((one: { bisection: unknown }) => one.bisection)).toEqual([null, null])

  const { body } = await server.ask(`/bisections/${id}`)
  const text = textOf(body)
  expect(text).toContain(`The last good commit ${commits[0]?.slice(0, 10)} now fails on this host.`)
  expect(text).toContain('Change &lt;0>')
  expect(text).toContain('(a merge)')
  expect(body).toContain(`href="/jobs/${jobs[0]?.id}"`)
  expect(textOf((await server.ask('/bisections?project=sample')).body)).toContain('now fails on this host')
  expect((await server.ask('/bisections/99')).statusCode).toBe(404)
  expect((await server.ask('/bisections/x')).statusCode).toBe(404)
})

serverTest('an administrator sees the price, and starts, cancels and continues a bisection', async ({ server }) => {
  await failingCell(server)
  const address = `/bisections/new?${new URLSearchParams(cell)}`
  expect(textOf((await server.ask(address)).body)).toContain('The farm can search the first bad commit: on vax')
  expect((await server.ask(address)).body).not.toContain('Start bisection')
  const page = '/projects/sample/cells/vax/amd64/default'
  const { body } = await server.ask(page)
  expect(body).toContain('Price of a search for the first bad commit')
  expect(body.replaceAll('&amp;', '&')).toContain(`href="${address}"`)

  const admin = await administrator(server)
  expect(textOf(await admin.read(page))).toContain('The farm can search the first bad commit: on vax')
  expect(await admin.read(address)).toContain('Start bisection')
  expect((await admin.send(address, '/bisections', cell)).headers.location).toBe('/bisections/1')
  expect(textOf(await admin.read(address))).toContain('Bisection 1 already searches this failure')
  expect(textOf(await admin.read(page))).toMatch(/Bisection 1 : reading the commits/)
  await admin.send('/bisections/1', '/bisections/1/cancel')
  expect(await admin.read('/bisections/1')).toContain('Continue bisection')
  await admin.send('/bisections/1', '/bisections/1/continue')
  expect(await admin.read('/bisections/1')).toContain('Cancel bisection')
  expect((await admin.send('/bisections/1', '/bisections', { ...cell, host: 'pdp' })).statusCode).toBe(409)
  expect(textOf((await server.ask('/bisections/new')).body)).toContain('Open the page of a failing cell')
  const unknown = '/bisections/new?project=nothing&host=vax&arch=vax'
  expect(textOf((await server.ask(unknown)).body)).toContain('There is no project')
})

import { asReader } from '@rumpfarm/farm'
import pg from 'pg'
import { expect, vi } from 'vitest'
import { adminToken, serverTest, type TestServer } from './server.fixture.ts'

/** The addresses of all routes that accept GET, such as `/api/v1/builds/:id`. */
function getRoutes({ app }: TestServer): string[] {
  const path: string[] = []
  const routes: string[] = []
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods = ''] = /^([│ ├└]*)─*─? ?(\S+)(?: \(([^)]*)\))?/.exec(line) ?? []
    const depth = Math.round(indent.length / 4)
    path.splice(depth, path.length, part)
    if (/\bGET\b/.test(methods)) routes.push(path.join('').replace(/\/\//g, '/'))
  }
  return routes
}

/** Hosts have their own connections. */
const others = ['/agent/v1/attempts/:attempt/sources/:number', '/agent/v1/agent']
/** These answers do not end by themselves. */
const streams = ['/events', '/api/v1/events']

const values: Record<string, string> = {
  ...{ id: '1', number: '1', host: 'vax', arch: 'amd64', variant: 'default', token: 'x', attempt: '1.1' },
}

/** An address that names things of the test's farm. */
function addressOf(route: string): string {
  const name = /hosts/.test(route) ? 'vax' : /artifacts/.test(route) ? 'x' : 'sample'
  const file = route.startsWith('/badges') ? `${name}.svg` : `${name}.atom`
  const filled = route.replace(/:([a-z]+)(\|:project)?/g, (_, key: string) => ({ name, file, ...values })[key] ?? 'x')
  const query: Record<string, string> = {
    '/api/v1/jobs/:id/comparison': '?with=2',
    '/jobs/:id/compare': '?with=2',
    '/api/v1/jobs/:id/log/search': '?find=line',
    '/api/v1/jobs/:id/attempts/:number/log/search': '?find=line',
    '/bisections/new': '?project=sample&host=vax&arch=amd64&variant=default',
  }
  return filled.replace('/feeds/farm', '/feeds/all') + (query[route] ?? '')
}

/** Two clients use all connections for reads. They wait for a table that no test here changes. */
async function useAllReadConnections({ farm, databaseUrl }: TestServer) {
  const lock = new pg.Client({ connectionString: databaseUrl })
  await lock.connect()
  await lock.query('BEGIN')
  await lock.query('LOCK TABLE "HostFacts" IN ACCESS EXCLUSIVE MODE')
  const gone = new AbortController()
  const readers = ['address 192.0.2.1', 'address 192.0.2.2'].flatMap(client =>
    Array.from({ length: 4 }, () =>
      asReader(client, gone.signal, async () => farm.hosts.factsHistory(1).catch(() => undefined)),
    ),
  )
  await vi.waitFor(() => expect(farm.poolUse().pages).toMatchObject({ used: 6, idle: 0 }), { timeout: 20_000 })
  return async () => {
    gone.abort()
    await Promise.all(readers)
    await lock.end()
  }
}

serverTest('every address that reads uses the connections for reads', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  await server.build()
  const link: string = (await server.post('/api/v1/login-links')).json().url
  const session = await server.farm.access.logIn(link.split('/').at(-1) ?? '')
  const cookie = session.kind === 'logged-in' ? `rumpfarm_session=${session.session}` : ''
  const routes = getRoutes(server).filter(route => ![...others, ...streams].includes(route) && !/assets|\*/.test(route))
  const connect = vi.spyOn(pg.Pool.prototype, 'connect')
  const used = new Map<string, unknown[]>()
  for (const route of routes) {
    connect.mockClear()
    const headers = route.startsWith('/api/') ? { authorization: `Bearer ${adminToken}` } : { cookie }
    const { statusCode } = await server.app.inject({ url: addressOf(route), headers })
    expect([route, statusCode < 500 && statusCode !== 400]).toEqual([route, true])
    // The time limit of a statement is different in each pool.
    const pools = connect.mock.contexts as unknown as { options: pg.PoolConfig }[]
    used.set(
      route,
      pools.map(({ options }) => options.statement_timeout),
    )
  }
  connect.mockRestore()

  expect([...used].filter(([, limits]) => limits.some(limit => limit !== 3_000))).toEqual([])
  expect([...used.values()].filter(limits => limits.length > 0).length).toBeGreaterThan(80)
})

serverTest(
  'while all connections for reads are used, hosts, webhooks and triggers are answered',
  async ({ server }) => {
    await server.configure()
    const vax = await server.host('vax')
    await server.build()
    const end = await useAllReadConnections(server)
    const offer = await vax.take('1.1')
    await vax.say(offer, 'a line\n')
    await vax.end(offer, { log: 'a line\n' })
    const triggered = await server.post('/api/v1/projects/sample/builds', { ref: 'main' })
    const ready = await server.ask('/readyz')
    await end()

    expect([triggered.statusCode < 300 || triggered.body, ready.statusCode]).toEqual([true, 200])
  },
)

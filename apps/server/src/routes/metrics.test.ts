import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hostsMax } from '../metrics/farm-gauges.ts'
import { openMetrics } from '../metrics/metrics.ts'
import { addProcessMetrics } from '../metrics/process-metrics.ts'
import { projectsMax } from '../metrics/server-counters.ts'
import { serverTest, type TestServer } from '../server.fixture.ts'

const metricsToken = 'a-token-for-the-monitoring'
const elsewhere = '192.0.2.7'

const textOf = async (server: TestServer) => (await server.ask('/metrics')).body
/** The value of a sample, such as `name{label="value"}`. */
const sampleOf = (text: string, sample: string) => {
  const line = text.split('\n').find(line => line.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.slice(sample.length + 1))
}

serverTest('without METRICS_TOKEN, only programs on the machine of the server read the metrics', async ({ server }) => {
  const own = await server.ask('/metrics')
  expect([own.statusCode, own.headers['content-type'], own.headers['cache-control']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'no-store',
  ])
  const other = await server.ask({ url: '/metrics', remoteAddress: elsewhere })
  expect([other.statusCode, other.json().detail]).toEqual([403, expect.stringContaining('METRICS_TOKEN')])
  const proxied = await server.ask({ url: '/metrics', headers: { 'x-forwarded-for': elsewhere } })
  expect(proxied.statusCode).toBe(403)
})

serverTest(
  'with METRICS_TOKEN, programs on other machines read the metrics with this token only',
  async ({ server }) => {
    const app = await server.open({ config: { ...server.config, metricsToken } })
    const ask = (authorization?: string) =>
      app.inject({ url: '/metrics', remoteAddress: elsewhere, headers: authorization ? { authorization } : {} })
    expect((await ask(`Bearer ${metricsToken}`)).statusCode).toBe(200)
    for (const wrong of [undefined, 'Bearer wrong', `Basic ${metricsToken}`, `Bearer ${metricsToken}x`]) {
      const answer = await ask(wrong)
      expect([answer.statusCode, answer.headers['www-authenticate'], answer.body.includes(metricsToken)]).toEqual([
        401,
        'Bearer realm="rumpfarm"',
        false,
      ])
    }
    expect((await app.inject('/metrics')).statusCode).toBe(200)
    await app.close()
  },
)

serverTest('the metrics count requests by route and class of the status, not by address', async ({ server }) => {
  await server.ask('/builds/17')
  await server.ask('/builds/18')
  await server.ask('/secret/address')
  const text = await textOf(server)
  expect(sampleOf(text, 'rumpfarm_http_requests_total{method="GET",route="/builds/:id",status="4xx"}')).toBe(2)
  expect(text).not.toContain('secret')
  expect(sampleOf(text, 'rumpfarm_database_up')).toBe(1)
  expect(sampleOf(text, 'rumpfarm_database_connections_max{pool="main"}')).toBe(10)
  expect(sampleOf(text, 'rumpfarm_data_bytes{state="free"}')).toBeGreaterThan(0)
})

serverTest('each server counts what it did, and all servers report the same gauges of the farm', async ({ server }) => {
  await server.configure()
  const [one, other] = [0, 1].map(() => openMetrics({ farm: server.farm, dataDirectory: server.config.dataDirectory }))
  server.farm.onEvent(event => one?.onEvent(event))
  const host = await server.host('vax')
  await server.build()
  const offer = await host.take('1.1')
  await host.say(offer, 'hello\n')
  await host.end(offer, { log: 'hello\n', exits: [0, 1] })
  const text = async (metrics = one) => (await metrics?.render())?.text ?? ''
  const failed = 'rumpfarm_attempts_ended_total{project="sample",verdict="failed"}'
  const bytes = 'rumpfarm_log_bytes_total{project="sample"}'
  expect([sampleOf(await text(), failed), sampleOf(await text(other), failed)]).toEqual([1, 0])
  expect([sampleOf(await text(), bytes), sampleOf(await text(other), bytes)]).toEqual([6, 0])
  expect(sampleOf(await text(), 'rumpfarm_attempt_duration_seconds_count{project="sample"}')).toBe(1)
  for (const metrics of [one, other]) expect(sampleOf(await text(metrics), 'rumpfarm_hosts{state="online"}')).toBe(1)
})

serverTest(
  'many readers at once cost one query, and the values stay in memory for some seconds',
  async ({ server }) => {
    let queries = 0
    const gauges = async () => {
      queries += 1
      return server.farm.metrics.gauges()
    }
    const farm = { ...server.farm, metrics: { ...server.farm.metrics, gauges } }
    const metrics = openMetrics({ farm, dataDirectory: server.config.dataDirectory })
    await Promise.all(Array.from({ length: 20 }, () => metrics.render()))
    await metrics.render()
    expect(queries).toBe(1)
  },
)

serverTest('if the database does not answer, the gauges of the farm have no values', async ({ server }) => {
  let down = false
  const gauges = async () => (down ? Promise.reject(new Error('no')) : server.farm.metrics.gauges())
  const farm = { ...server.farm, metrics: { ...server.farm.metrics, gauges } }
  const metrics = openMetrics({ farm, dataDirectory: server.config.dataDirectory, cacheMs: 0 })
  const values = async () => {
    const { text } = await metrics.render()
    return ['rumpfarm_database_up', 'rumpfarm_hosts{state="online"}', 'rumpfarm_bisections_open'].map(name =>
      sampleOf(text, name),
    )
  }
  expect(await values()).toEqual([1, 0, 0])
  down = true
  expect(await values()).toEqual([0, undefined, undefined])
})

serverTest('hosts and projects above the limits count as "other"', async ({ server }) => {
  const real = await server.farm.metrics.gauges()
  const silent = Array.from({ length: hostsMax + 5 }, (_, number) => ({ name: `h${number}`, seconds: 1000 - number }))
  const projects = Array.from({ length: projectsMax + 5 }, (_, number) => `p${number}`)
  const gauges = async () => ({ ...real, silent, projects })
  const farm = { ...server.farm, metrics: { ...server.farm.metrics, gauges } }
  const metrics = openMetrics({ farm, dataDirectory: server.config.dataDirectory })
  await metrics.render()
  metrics.onEvent({ kind: 'log', attempt: '1.1', projectName: 'one-more', bytes: 7, added: 7 })
  const { text } = await metrics.render()
  expect(sampleOf(text, 'rumpfarm_host_silent_seconds{host="other"}')).toBe(1000 - hostsMax)
  expect(text.match(/^rumpfarm_host_silent_seconds\{/gm)).toHaveLength(hostsMax + 1)
  expect(sampleOf(text, 'rumpfarm_log_bytes_total{project="other"}')).toBe(7)
  expect(text.match(/^rumpfarm_log_bytes_total\{/gm)).toHaveLength(projectsMax + 1)
})

const docs = (name: string) => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8')

test('docs/monitoring.md lists each metric, and the dashboard and the alerts use no other', async () => {
  const none = { used: 0, idle: 0, waiting: 0, max: 0 }
  const farm = { metrics: {} as never, poolUse: () => ({ main: none, pages: none, lookups: none, tasks: none }) }
  const { registry } = openMetrics({ farm, dataDirectory: '.' })
  addProcessMetrics(registry).close()
  const names = registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter(name => name.startsWith('rumpfarm_'))
  const listed = [...docs('monitoring.md').matchAll(/^\| `(rumpfarm_\w+)`/gm)].map(([, name]) => name)
  expect(listed.sort()).toEqual(names.sort())
  for (const file of ['monitoring/dashboard.json', 'monitoring/alerts.yml']) {
    const used = [...docs(file).matchAll(/rumpfarm_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''))
    expect(used.filter(name => !names.includes(name))).toEqual([])
  }
})

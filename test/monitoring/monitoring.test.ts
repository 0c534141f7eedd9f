// A real Prometheus reads two servers of a demo farm that also runs jobs. promtool checks the metrics and the rules.
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillFarm } from '../../apps/server/src/demo/fill-farm.ts'
import { type OtlpSpan, openOtlpReceiver } from '../../apps/server/src/traces/otlp-receiver.fixture.ts'
import { TestFarm } from '../support/farm-fixture.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import { eventually } from '../support/waiting.ts'
import { Prometheus, prometheusDirectory, type Sample } from './prometheus.ts'

const docs = fileURLToPath(new URL('../../docs/monitoring/', import.meta.url))
const metricsToken = 'a-token-for-the-monitoring'

let bin: string
let directory: string
let database: TestDatabase
let farm: TestFarm
let receiver: Receiver
let collector: Awaited<ReturnType<typeof openOtlpReceiver>>
let prometheus: Prometheus
let urls: string[]

beforeAll(async () => {
  bin = await prometheusDirectory()
  directory = mkdtempSync(join(tmpdir(), 'rumpfarm-monitoring-'))
  database = await createTestDatabase()
  const filled = await fillFarm({
    ...{ databaseUrl: database.url, logsDirectory: join(directory, 'logs'), secret: 'a-secret-of-the-demo' },
    ...{ seed: 1, jobs: 1000, now: new Date(), say: () => {} },
  })
  if (filled.kind !== 'filled') throw new Error('the database is not empty')
  collector = await openOtlpReceiver()
  const environment = {
    ...{ METRICS_TOKEN: metricsToken, SILENT_SECONDS: '5', NOTIFY_PRIVATE: 'true' },
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  }
  farm = await TestFarm.open({ databaseUrl: database.url, queues: 'redis', environment })
  const { directory: repository } = farm.repository('sample')
  await farm.reconfigure(() => {
    writeFileSync(farm.farmFile, filled.year.farmYaml)
    appendFileSync(farm.farmFile, `\n  sample: { repository: ${repository}, steps: [{ job: "sh ./job.sh" }] }\n`)
  })
  urls = [farm.url, (await farm.another()).url]
  receiver = await Receiver.open()
  prometheus = await Prometheus.start(
    bin,
    directory,
    urls.map(url => new URL(url).host),
    metricsToken,
  )
  await prometheus.waitFor('count(up{job="rumpfarm"} == 1) == 2')
  await runJobs()
})

/** Jobs that pass and fail, messages that are delivered and that are not, and requests. */
async function runJobs(): Promise<void> {
  const host = await farm.wireHost('vax')
  await farm.api().post('/api/v1/hosts/vax/alert', { url: receiver.url })
  await prometheus.waitFor('rumpfarm_hosts{state="online"}')
  await host.claim(1, { wait: 1, body: [['disk_mb', 120_000]] })
  for (const [claim, exit] of [0, 1, 0].entries()) {
    await farm.push(`exit ${exit} # ${claim}`)
    const offer = await host.job(claim + 2)
    await host.progress(offer, 'some output\n')
    await host.finish(offer, 'some output\n', { steps: [{ exit, milliseconds: 20, logBytes: 12 }] })
    // A rate needs a counter that grows between two readings.
    await prometheus.waitFor(`sum(rumpfarm_attempts_ended_total{project="sample"}) > ${claim}`)
  }
  await farm.push('exit 0 # waits')
  await Promise.all(urls.flatMap(url => ['/', '/builds', '/nowhere', '/api/v1/hosts'].map(path => fetch(url + path))))
  await prometheus.waitFor('sum(rumpfarm_deliveries_total{outcome="delivered"})') // the host becomes silent
}

afterAll(async () => {
  await prometheus?.stop()
  await receiver?.close()
  await farm?.close()
  await collector?.close()
  await database?.drop()
  if (directory) rmSync(directory, { recursive: true })
})

const promtool = (words: string[], input = ''): string =>
  execFileSync(`${bin}promtool`, words, { input, cwd: docs, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })

test('promtool finds no mistake in the metrics of a server', async () => {
  const response = await fetch(`${farm.url}/metrics`)
  const text = await response.text()
  expect([response.status, text.length > 10_000]).toEqual([200, true])
  expect(promtool(['check', 'metrics'], text)).toBe('')
})

test('promtool finds no mistake in the rules and in the configuration, and the tests of the rules pass', () => {
  expect(promtool(['check', 'rules', 'alerts.yml'])).toContain('SUCCESS')
  expect(promtool(['check', 'config', 'prometheus.yml'])).toContain('SUCCESS')
  expect(promtool(['test', 'rules', 'alerts.test.yml'])).toContain('SUCCESS')
})

test('each alert has a test', () => {
  const names = (file: string, key: string) =>
    [...readFileSync(join(docs, file), 'utf8').matchAll(new RegExp(`${key}: (\\w+)`, 'g'))].map(([, name]) => name)
  const tested = new Set(names('alerts.test.yml', 'alertname'))
  expect(names('alerts.yml', 'alert').filter(name => !tested.has(name))).toEqual([])
})

interface Rule {
  name: string
  health: string
  lastError?: string
}

test('Prometheus evaluates each rule, and reports the silent host', async () => {
  await prometheus.waitFor('rumpfarm_host_silent_seconds{host="vax"}')
  const { groups } = await prometheus.get<{ groups: { rules: Rule[] }[] }>('/api/v1/rules')
  const rules = groups.flatMap(({ rules }) => rules)
  expect(rules.length).toBeGreaterThan(10)
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
})

test('the counters of two servers together are what the farm did', async () => {
  const sum = async (selector: string) => Number((await prometheus.query(`sum(${selector})`))[0]?.value[1])
  await prometheus.waitFor('sum(rumpfarm_attempts_ended_total{project="sample"}) >= 3')
  expect(await sum('rumpfarm_attempts_ended_total{project="sample", verdict="passed"}')).toBe(2)
  expect(await sum('rumpfarm_attempts_ended_total{project="sample", verdict="failed"}')).toBe(1)
  expect(await sum('rumpfarm_log_bytes_total{project="sample"}')).toBe(36)
  const hosts = await prometheus.query('sum by (instance) (rumpfarm_hosts)')
  expect(new Set(hosts.map(({ value }) => value[1])).size).toBe(1)
  expect(hosts).toHaveLength(2)
})

test('each build of the servers is a trace, from the request to the examined log', async () => {
  const failed = await eventually('the trace of the failed build', () => {
    const byTrace = new Map<string, OtlpSpan[]>()
    for (const span of collector.spans()) byTrace.set(span.traceId, [...(byTrace.get(span.traceId) ?? []), span])
    const names = [...byTrace.values()].map(spans => spans.map(({ name }) => name))
    // The builds of the demo began before these servers, and some of them end now.
    return names.find(spans => spans.includes('build requested') && spans.includes('examine'))
  })
  const parts = [
    'build requested',
    'prepare sources',
    'attempt on vax',
    'queued',
    'leased',
    'step job',
    'finish',
    'examine',
  ]
  expect([...new Set(failed)].sort()).toEqual(parts.sort()) // the farm runs a failed job twice
})

interface Panel {
  title: string
  targets?: { expr: string }[]
}

const variables: [RegExp, string][] = [
  [/\$job\b/g, 'rumpfarm'],
  [/\$(instance|project)\b/g, '.*'],
  [/\$__rate_interval\b/g, '1m'],
]
const withoutVariables = (expression: string) =>
  variables.reduce((text, [variable, value]) => text.replace(variable, value), expression)

test('each query of the dashboard returns values', async () => {
  const { panels } = JSON.parse(readFileSync(join(docs, 'dashboard.json'), 'utf8')) as { panels: Panel[] }
  const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
  expect(queries.length).toBeGreaterThan(30)
  const empty: string[] = []
  for (const { title, expr } of queries) {
    const samples: Sample[] = await prometheus.query(withoutVariables(expr))
    if (!samples.some(({ value }) => value[1] !== 'NaN')) empty.push(`${title}: ${expr}`)
  }
  expect(empty).toEqual([])
})

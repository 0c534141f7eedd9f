import type { AttemptTimes } from '@rumpfarm/farm'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { serverTest } from '../server.fixture.ts'
import { openTraces } from './open-traces.ts'
import { openOtlpReceiver } from './otlp-receiver.fixture.ts'
import { attemptSpans } from './spans.ts'

const log = pino({ level: 'silent' })
const secret = 'a-secret-of-the-tests'

serverTest('a build is one trace, from the push to the examined log, also with two servers', async ({ server }) => {
  const collector = await openOtlpReceiver()
  const to = { url: `${collector.url}/v1/traces`, serviceName: 'farm of the tests' }
  const [one, other] = await Promise.all([0, 1].map(() => openTraces(to, server.farm, secret, log)))
  // One server receives the push, and the other one ends the attempt.
  server.farm.onEvent(event => (event.kind === 'attempt' || event.kind === 'examined' ? other : one)?.onEvent(event))
  await server.configure()
  const host = await server.host('vax')
  const buildId = await server.build()
  server.wait(30)
  const offer = await host.take('1.1')
  server.wait(2)
  await host.say(offer, 'hello\n')
  server.wait(1)
  await host.end(offer, { log: 'hello\n', exits: [0, 1] })
  await server.farm.failures.examine({ jobId: 1, number: 1 })
  await one?.close()
  await other?.close()
  await collector.close()

  const spans = collector.spans()
  const byId = new Map(spans.map(span => [span.spanId, span]))
  const tree = spans.map(({ name, parentSpanId }) => `${parentSpanId ? byId.get(parentSpanId)?.name : '-'} > ${name}`)
  expect(tree.sort()).toEqual(
    [
      '- > build requested',
      'build requested > prepare sources',
      'build requested > attempt on vax',
      'attempt on vax > queued',
      'attempt on vax > leased',
      'attempt on vax > step build',
      'attempt on vax > step tests',
      'attempt on vax > finish',
      'attempt on vax > examine',
    ].sort(),
  )
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  const attempt = spans.find(({ name }) => name === 'attempt on vax')
  const attributes = Object.fromEntries(
    (attempt?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]),
  )
  expect(attributes).toMatchObject({
    'rumpfarm.build': buildId,
    'rumpfarm.verdict': 'failed',
    'rumpfarm.failed_step': 'tests',
    'rumpfarm.host': 'vax',
  })
  expect(attempt?.status.code).toBe(2)
  const seconds = (name: string) => {
    const span = spans.find(span => span.name === name)
    return (Number(span?.endTimeUnixNano) - Number(span?.startTimeUnixNano)) / 1e9
  }
  expect([seconds('queued'), seconds('leased'), seconds('attempt on vax')]).toEqual([30, 2, 33])
  const resource = collector.requests[0]?.resourceSpans[0]?.resource.attributes
  expect(resource).toContainEqual({ key: 'service.name', value: { stringValue: 'farm of the tests' } })
})

serverTest('a receiver that is down changes nothing, and the server closes within seconds', async ({ server }) => {
  const collector = await openOtlpReceiver()
  await collector.close()
  const traces = await openTraces({ url: `${collector.url}/v1/traces`, serviceName: 'x' }, server.farm, secret, log)
  server.farm.onEvent(traces.onEvent)
  await server.configure()
  await server.host('vax')
  expect(await server.build()).toBe(1)
  const began = Date.now()
  await traces.close()
  expect(Date.now() - began).toBeLessThan(10_000) // the limit is 2 s
})

test('an attempt that no host claimed has only its wait, and a step never ends after its attempt', () => {
  const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000)
  const attempt = {
    ...{ jobId: 7, number: 1, buildId: 3, project: 'sample', commit: 'a'.repeat(40), branch: null, host: 'vax' },
    ...{ arch: 'vax', variant: 'default', purpose: 'build', verdict: 'cancelled', failedStep: null, reason: null },
    ...{ queuedAt: at(0), leasedAt: null, startedAt: null, finishedAt: at(9), steps: [], logBytes: 0 },
  } as AttemptTimes
  expect(attemptSpans(attempt).map(({ name }) => name)).toEqual(['attempt on vax', 'queued'])
  const steps = [
    { name: 'build', exit: 0, milliseconds: 60_000, logBytes: 1 },
    { name: 'tests', exit: 0, milliseconds: 1000, logBytes: 1 },
  ]
  const ran = attemptSpans({ ...attempt, verdict: 'passed', leasedAt: at(1), startedAt: at(2), steps })
  expect(ran.filter(({ end }) => end > at(9) || end < at(0))).toEqual([])
  expect(ran.map(({ name }) => name)).toContain('finish')
})

import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { events, type FarmClient, type FarmEvent, farmClient } from '@rumpfarm/client'
import { expect, onTestFinished } from 'vitest'
import { eventually } from '../../../../../test/support/waiting.ts'
import { localBus, topics } from '../../events/bus.ts'
import { serverTest, type TestServer } from '../../server.fixture.ts'

/** Serves the farm, and counts how often the server reads the changes. */
async function serve({ farm, open }: TestServer) {
  const bus = localBus()
  farm.onEvent(() => bus.publish(topics.matrix))
  const counted = { reads: 0 }
  const since: typeof farm.changes.since = earlier => {
    counted.reads += 1
    return farm.changes.since(earlier)
  }
  const app = await open({ farm: { ...farm, changes: { since } }, bus })
  onTestFinished(() => void app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  return { app, counted, url, client: farmClient({ url }) }
}

/** An event in short: `job 1 finished`. */
const short = (one: FarmEvent): string => {
  switch (one.event) {
    case 'build':
      return `build ${one.data.id}`
    case 'job':
      return `job ${one.data.id} ${one.data.state}`
    case 'cell':
      return `cell ${one.data.host} ${one.data.arch} ${one.data.state}`
    case 'cell-removed':
      return `removed ${one.data.host} ${one.data.arch}`
    default:
      return one.event
  }
}

/** Opens a stream. `until` waits for an event, and returns all events up to it. */
async function follow({ url }: FarmClient, options: Parameters<typeof events>[1] = {}) {
  const ended = new AbortController()
  let answered = () => {}
  const answer = new Promise<void>(resolve => {
    answered = resolve
  })
  const client = farmClient({ url, fetch: request => fetch(request).finally(answered) })
  onTestFinished(() => ended.abort())
  const seen: FarmEvent[] = []
  const reading = (async () => {
    for await (const one of events(client, { ...options, signal: ended.signal })) seen.push(one)
  })()
  await Promise.race([answer, reading]) // the server reads the changes before it answers
  const until = async (wanted: string) => {
    const late = sleep(45_000, 'late')
    const ended = reading.then(() => 'ended')
    while (!seen.some(one => short(one) === wanted)) {
      const why = await Promise.race([late, sleep(20, ''), ended])
      if (why !== '') throw new Error(`no ${wanted}: ${why}; seen: ${seen.map(short).join(', ')}`)
    }
    return seen.map(short)
  }
  const close = async () => {
    ended.abort()
    await reading
  }
  return { seen, until, close, lastId: () => seen.at(-1)?.id }
}

serverTest('the stream of events has builds, jobs and cells when they change', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax', ['amd64'])
  const { client } = await serve(server)
  const all = await follow(client)
  const cells = await follow(client, { query: { kind: 'cell', host: 'vax' } })
  const others = await follow(client, { query: { project: 'other' } })
  await server.build()
  expect((await all.until('job 1 queued')).at(-1)).toMatch(/^(build 1|job 1 queued)$/)
  const offer = await vax.take('1.1')
  server.wait(1)
  await all.until('job 1 leased')
  await vax.end(offer)
  const names = await all.until('job 1 finished')
  expect(names.slice(0, names.indexOf('job 1 finished') + 1).slice(-2)).toEqual([
    'cell vax amd64 passing',
    'job 1 finished',
  ])
  const job = all.seen.findLast(one => one.event === 'job')
  expect(job).toMatchObject({ data: { verdict: 'passed', host: 'vax', attempt: '1.1' } })
  expect(await cells.until('cell vax amd64 passing')).toEqual(['cell vax amd64 passing'])
  expect(cells.seen[0]).toMatchObject({
    data: { project: 'sample', branch: 'main', attempt: '1.1', verdict: 'passed' },
  })
  expect(others.seen).toEqual([])
  for (const stream of [all, cells, others]) await stream.close()
})

serverTest('the stream has jobs that are only queued, and the cells of a removed host', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax', ['amd64', 'arm'])
  await server.host('sun', ['sparc'])
  await server.build()
  for (const name of ['2.1', '3.1']) await vax.end(await vax.take(name))
  server.wait(3600)
  const { client } = await serve(server)
  const [all, cells] = [await follow(client), await follow(client, { query: { kind: 'cell', arch: 'arm' } })]
  await server.build(server.repository.commit('Second'))
  for (const job of [4, 5, 6]) await all.until(`job ${job} queued`)
  server.wait(3600)
  await server.farm.hosts.remove('vax')
  expect(await all.until('removed vax amd64')).toContain('removed vax arm')
  expect(await cells.until('removed vax arm')).not.toContain('removed vax amd64')
  const removed = cells.seen.find(one => one.event === 'cell-removed')
  expect(removed).toMatchObject({
    data: { project: 'sample', branch: 'main', host: 'vax', arch: 'arm', variant: 'default' },
  })
  expect((await server.ask('/api/v1/projects/sample/cells')).json().items).toEqual([])
  for (const stream of [all, cells]) await stream.close()
})

serverTest('after a lost connection, everything that was committed meanwhile arrives', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax', ['amd64'])
  const { client } = await serve(server)
  await server.build()
  const first = await vax.take('1.1')
  const before = await follow(client)
  await vax.end(first)
  await before.until('job 1 finished')
  await before.until('build 1')
  const after = before.lastId()
  await before.close()
  expect(after).toMatch(/^\d+$/)

  server.wait(3600)
  await server.build(server.repository.commit('Second'))
  await vax.end(await vax.take('2.1'), { exits: [0, 2] })
  server.wait(3600)
  await server.build(server.repository.commit('Third'))
  const again = await follow(client, { after })
  const names = await again.until('build 3')
  expect(names).toEqual(expect.arrayContaining(['build 2', 'build 3', 'job 2 finished']))
  expect(names.filter(name => name.startsWith('cell vax'))).toHaveLength(1)
  expect(names).not.toContain('reset')
  await again.close()
})

serverTest('a change whose transaction commits late is not lost', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax', ['amd64'])
  const { client } = await serve(server)
  await server.build()
  await vax.take('1.1')
  server.wait(60)
  const stream = await follow(client)
  await server.build(server.repository.commit('Second'))
  await stream.until('build 2')
  // The end has a time before the event of build 2, as if its transaction had committed after it.
  await server.sql(`WITH open AS (DELETE FROM "OpenAttempt" WHERE "jobId" = 1 RETURNING *),
      ended AS (UPDATE "Job" SET "status" = 'broken' WHERE "id" = 1)
    INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "projectName", "buildId", "queuedAt", "leasedAt", "verdict", "finishedAt")
    SELECT "jobId", "number", "hostId", "projectName", "buildId", "queuedAt", "leasedAt", 'broken', '2024-05-06T07:09:00Z' FROM open`)
  const resumed = await follow(client, { after: stream.lastId() })
  await resumed.until('job 1 finished')
  await server.build(server.repository.commit('Third')) // wakes the stream up
  await stream.until('job 1 finished')
  for (const one of [stream, resumed]) await one.close()
})

serverTest('many streams share the reads of the changes, also after a lost connection', async ({ server }) => {
  await server.configure()
  const { client, counted } = await serve(server)
  const streams = await Promise.all(Array.from({ length: 20 }, () => follow(client)))
  counted.reads = 0
  await server.build()
  const seen = await Promise.all(streams.map(({ until }) => until('build 1')))
  expect(new Set(seen.map(names => names.join()))).toHaveLength(1)
  expect(counted.reads).toBeLessThan(10) // 1 or 2 on a machine that is not busy; 20 if the streams did not share them
  const after = streams[0]?.lastId()
  await Promise.all(streams.map(({ close }) => close()))
  await server.build(server.repository.commit('Second'))
  counted.reads = 0
  const again = await Promise.all(streams.map(() => follow(client, { after })))
  await Promise.all(again.map(({ until }) => until('build 2')))
  expect(counted.reads).toBeLessThan(10)
  await Promise.all(again.map(({ close }) => close()))
})

serverTest('the farm sends `reset` for an id that it cannot continue', async ({ server }) => {
  await server.configure()
  const { client } = await serve(server)
  await server.sql(`INSERT INTO "Build" ("projectName", commit, "createdAt")
    SELECT 'sample', number::text, '2024-05-06T07:08:00Z' FROM generate_series(1, 501) AS number`)
  for (const after of ['x', '99999999999999', String(Date.parse('2024-05-06T07:07:00Z'))]) {
    const stream = await follow(client, { after })
    expect(await stream.until('reset')).toEqual(['reset'])
    expect(stream.lastId()).toBe(String(Date.parse('2024-05-06T07:08:09Z')))
    await stream.close()
  }
})

serverTest('the stream begins with an id, is not buffered, and ends with its client', async ({ server }) => {
  await server.configure()
  const { url, counted } = await serve(server)
  const ended = new AbortController()
  const response = await fetch(`${url}/api/v1/events`, { signal: ended.signal })
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  expect(response.headers.has('content-encoding')).toBe(false)
  const reader = response.body?.getReader()
  let text = ''
  while (!text.includes('id: ')) text += new TextDecoder().decode((await reader?.read())?.value)
  expect(text).toMatch(/^event: alive\ndata: \n\nid: 1714979289000\nevent: alive\ndata: \n\n$/)
  ended.abort()
  await eventually(
    'a change that no stream reads',
    async () => {
      const { reads } = counted
      await server.build(server.repository.commit('Next')) // wakes up each stream
      await sleep(1_500)
      return counted.reads === reads || undefined
    },
    30_000,
  )
})

serverTest('the streams of an address count as its live pages', async ({ server }) => {
  const { app } = await serve(server)
  const ask = (url: string) => app.inject({ url, remoteAddress: '192.0.2.1', payloadAsStream: true })
  for (let number = 0; number < 30; number++) {
    await ask('/api/v1/events')
    await ask('/events?since=0')
  }
  const refused = await app.inject({ url: '/api/v1/events', remoteAddress: '192.0.2.1' })
  expect(refused.headers['retry-after']).toBe('30')
  expect(refused.json()).toMatchObject({ status: 429, detail: expect.stringContaining('event streams are open') })
  expect((await app.inject({ url: '/api/v1/events?kind=x' })).json()).toMatchObject({ status: 400 })
})

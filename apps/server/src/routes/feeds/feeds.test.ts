import { parseJsonFeed } from 'feedsmith'
import Parser from 'rss-parser'
import { expect } from 'vitest'
import { localBus, topics } from '../../events/bus.ts'
import { serverTest, type TestHost, type TestServer } from '../../server.fixture.ts'
import { cctraySchema, xmlErrors } from './xml.fixture.ts'

const reader = new Parser({ customFields: { item: ['id', 'updated', 'published'] } })
const atom = async (server: TestServer, url: string) => {
  const { body, statusCode } = await server.ask(url)
  expect([url, statusCode, await xmlErrors(body)]).toEqual([url, 200, []])
  return reader.parseString(body)
}

const nasty = 'Fix <b>bold</b> & "quotes" ]]> \u0001\u001b[1m <script>alert(1)</script>'

/** Runs the newest job of the host. */
async function run(server: TestServer, host: TestHost, exits = [0, 0]): Promise<void> {
  const [job] = await server.farm.builds.listJobs({ host: host.name, limit: 1 })
  await host.end(await host.take(job?.attempt ?? ''), { exits })
}

/** A farm in which a commit with a nasty subject failed on two hosts. */
async function brokenFarm(server: TestServer) {
  await server.configure({ confirm: 0 })
  const [sun, vax] = [await server.host('sun'), await server.host('vax')]
  await server.build()
  for (const host of [sun, vax]) await run(server, host)
  server.wait(60)
  await server.build(server.repository.commit('Second'))
  const subject = nasty.replaceAll("'", "''").replace('\u0001', '\\x01').replace('\u001b', '\\x1b')
  await server.sql(`UPDATE "Build" SET "subject" = E'${subject}' WHERE id = 2`)
  await run(server, vax, [2])
  server.wait(60)
  await run(server, sun, [2])
  return { vax, sun }
}

serverTest(
  'a feed reader shows one entry for a failure on two hosts, with the text of the commit',
  async ({ server }) => {
    await brokenFarm(server)
    for (const url of [
      '/feeds/changes.atom',
      '/feeds/projects/sample.atom',
      '/feeds/projects/sample.atom?branch=main',
    ]) {
      const { items, title } = await atom(server, url)
      expect(title).toMatch(/^What changed in .* · Rumpfarm$/)
      expect(items).toHaveLength(1)
      expect(items[0]?.title).toMatch(/^sample: fails at build since [0-9a-f]{7} in 2 cells$/)
      expect(items[0]).toMatchObject({ link: 'http://localhost/builds/2', updated: '2024-05-06T07:10:09.000Z' })
      expect(items[0]?.content).toContain(
        'Fix &lt;b&gt;bold&lt;/b&gt; &amp; &quot;quotes&quot; ]]&gt; [1m &lt;script&gt;',
      )
      expect(items[0]?.content).not.toMatch(/<script|<b>/)
    }
    const { items } = await atom(server, '/feeds/hosts/vax.atom')
    expect(items.map(({ title }) => title)).toEqual([
      expect.stringMatching(/^sample: fails at build since [0-9a-f]{7} on vax amd64$/),
    ])
  },
)

serverTest(
  'an entry keeps its id until the result changes again, and a fixed cell has a new entry',
  async ({ server }) => {
    const { vax } = await brokenFarm(server)
    const before = (await atom(server, '/feeds/projects/sample.atom')).items
    server.wait(60)
    await server.build(server.repository.commit('Third'))
    await run(server, vax, [2])
    expect((await atom(server, '/feeds/projects/sample.atom')).items.map(({ id }) => id)).toEqual([before[0]?.id])
    server.wait(60)
    await server.build(server.repository.commit('Fourth'))
    await run(server, vax)
    const after = (await atom(server, '/feeds/projects/sample.atom')).items
    expect(after.map(({ title }) => title?.replace(/[0-9a-f]{7}/, 'COMMIT'))).toEqual([
      'sample: passes since COMMIT on vax amd64',
      'sample: fails at build since COMMIT on sun amd64',
    ])
    expect(after[1]?.id).toBe(before[0]?.id)
    expect(new Set(after.map(({ id }) => id)).size).toBe(2)
  },
)

serverTest('a JSON Feed has the same entries as the Atom feed', async ({ server }) => {
  await brokenFarm(server)
  const { body, headers } = await server.ask('/feeds/projects/sample.json')
  expect(headers['content-type']).toBe('application/feed+json; charset=utf-8')
  const feed = parseJsonFeed(body)
  const { items } = await atom(server, '/feeds/projects/sample.atom')
  expect(JSON.parse(body).version).toBe('https://jsonfeed.org/version/1.1')
  expect(feed.feed_url).toBe('http://localhost:80/feeds/projects/sample.json')
  expect(feed.items?.map(({ id, title, url }) => ({ id, title, link: url?.replace(':80', '') }))).toEqual(
    items.map(({ id, title, link }) => ({ id, title, link })),
  )
  expect(feed.items?.[0]?.content_text).toContain('Fix <b>bold</b> & "quotes" ]]> [1m <script>')
})

serverTest('the feed of a cell has each run, and the feed of a silent host says so', async ({ server }) => {
  await brokenFarm(server)
  const { items } = await atom(server, '/feeds/projects/sample/cells/vax/amd64/default.atom')
  expect(items.map(({ title, link }) => [title?.replace(/[0-9a-f]{7}/, 'COMMIT'), link])).toEqual([
    ['sample COMMIT failed at build on vax amd64', 'http://localhost/jobs/4/attempts/1'],
    ['sample COMMIT passed on vax amd64', 'http://localhost/jobs/2/attempts/1'],
  ])
  await server.sql(`UPDATE "Host" SET "silentSince" = "lastSeenAt" WHERE name = 'vax'`)
  expect((await atom(server, '/feeds/hosts/vax.atom')).items[0]?.title).toBe('vax is silent')
})

serverTest('a reader that has the feed already gets 304, by ETag and by time', async ({ server }) => {
  await brokenFarm(server)
  for (const url of [
    '/feeds/changes.atom',
    '/feeds/changes.json',
    '/feeds/projects/sample/cells/vax/amd64/default.atom',
  ]) {
    const { headers } = await server.ask(url)
    expect(headers['cache-control']).toBe('no-cache')
    const { etag = '', 'last-modified': time = '' } = headers
    const again = (given: Record<string, string>) => server.ask({ url, headers: given })
    expect((await again({ 'if-none-match': String(etag) })).statusCode).toBe(304)
    expect((await again({ 'if-modified-since': String(time) })).statusCode).toBe(304)
    expect((await again({ 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' })).statusCode).toBe(200)
    expect((await again({ 'if-none-match': '"other"', 'if-modified-since': String(time) })).statusCode).toBe(200)
  }
})

serverTest('a feed of an unknown name is a problem that names it', async ({ server }) => {
  await server.configure()
  for (const [url, detail] of [
    ['/feeds/projects/nothing.atom', 'there is no project nothing'],
    ['/feeds/projects/sample.atom?branch=x', 'the farm has built no commit of branch x of sample'],
    ['/feeds/hosts/nothing.json', 'there is no host nothing'],
    ['/feeds/other.atom', 'there is no feed other: see /feeds/changes.atom'],
    ['/feeds/changes.rss', 'there is no feed /feeds/changes.rss: the name must end with .atom or .json'],
    ['/feeds/projects/sample/cells/vax/amd64/default.atom', 'there is no cell vax amd64 default of sample'],
    ['/cctray.xml?project=nothing', 'there is no project nothing'],
  ]) {
    const answer = await server.ask(url as string)
    expect([url, answer.statusCode, answer.json().detail]).toEqual([url, 404, detail])
  }
})

serverTest('cctray.xml matches its schema, and shows the last result while the cell builds', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax')
  const bus = localBus()
  server.farm.onEvent(() => bus.publish(topics.matrix))
  const app = await server.open({ bus })
  const projects = async (query = '') => {
    const { body } = await app.inject(`/cctray.xml${query}`)
    expect(await xmlErrors(body, cctraySchema)).toEqual([])
    return [...body.matchAll(/<Project (.*)\/>/g)].map(([, attributes = '']) =>
      Object.fromEntries([...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])),
    )
  }
  expect(await projects()).toMatchObject([{ name: 'sample:main', activity: 'Sleeping', lastBuildStatus: 'Unknown' }])
  await server.build()
  expect(await projects()).toMatchObject([{ activity: 'CheckingModifications', lastBuildStatus: 'Unknown' }])
  const first = await vax.take('1.1')
  expect(await projects()).toMatchObject([{ activity: 'Building', lastBuildStatus: 'Unknown' }])
  await vax.end(first)
  expect(await projects()).toEqual([
    {
      name: 'sample:main',
      activity: 'Sleeping',
      lastBuildStatus: 'Success',
      lastBuildLabel: '1',
      lastBuildTime: '2024-05-06T07:08:09.000Z',
      webUrl: 'http://localhost:80/?project=sample&amp;branch=main',
    },
  ])
  await server.build(server.repository.commit('Second'))
  const second = await vax.take('2.1')
  expect(await projects()).toMatchObject([{ activity: 'Building', lastBuildStatus: 'Success', lastBuildLabel: '1' }])
  await vax.end(second, { exits: [2] })
  for (const query of ['?project=sample&by=branches', '?by=cells', '?host=vax'])
    expect(await projects(query)).toMatchObject([
      { activity: 'Sleeping', lastBuildStatus: 'Failure', lastBuildLabel: '2' },
    ])
  const [cell] = await projects('?by=cells')
  expect(cell).toMatchObject({ name: 'sample:main:vax:amd64' })
  expect(cell?.webUrl).toBe('http://localhost:80/projects/sample/cells/vax/amd64/default?branch=main')
  expect((await server.ask('/cctray.xml?by=stars')).json().detail).toContain('it must be projects, branches or cells')
  await app.close()
})

serverTest(
  'editors of any site can read the JSON Schema of farm.yaml, and read it again only after a change',
  async ({ server }) => {
    const answer = await server.ask('/farm.schema.json')
    expect(answer.json()).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', required: ['projects'] })
    expect(answer.headers).toMatchObject({
      'content-type': 'application/schema+json; charset=utf-8',
      'access-control-allow-origin': '*',
      'cache-control': 'no-cache',
    })
    const headers = { 'if-none-match': String(answer.headers.etag) }
    expect((await server.ask({ url: '/farm.schema.json', headers })).statusCode).toBe(304)
  },
)

serverTest('addresses in feeds contain the path of PUBLIC_URL', async ({ server }) => {
  await brokenFarm(server)
  const config = { ...server.config, publicUrl: 'https://ci.example.org/farm', publicPath: '/farm' }
  const app = await server.open({ config })
  const feed = await reader.parseString((await app.inject('/farm/feeds/projects/sample.atom')).body)
  expect(feed.items[0]?.link).toBe('https://ci.example.org/farm/builds/2')
  expect(feed.feedUrl).toBe('https://ci.example.org/farm/feeds/projects/sample.atom')
  expect((await app.inject('/farm/cctray.xml')).body).toContain('webUrl="https://ci.example.org/farm/?project=sample')
  const page = (await app.inject('/farm/projects/sample')).body
  expect(page).toContain('<img src="/farm/badges/projects/sample.svg"')
  expect(page).toContain('[![sample](https://ci.example.org/farm/badges/projects/sample.svg)]')
  expect(page).toContain(
    'type="application/atom+xml" title="What changed in sample (Atom)" href="/farm/feeds/projects/sample.atom"',
  )
  await app.close()
})

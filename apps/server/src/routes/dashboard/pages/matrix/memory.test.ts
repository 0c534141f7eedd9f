import { expect, onTestFinished, vi } from 'vitest'
import { localBus, topics } from '../../../../events/bus.ts'
import { farmTime } from '../../../../farm-time.ts'
import { serverTest, type TestServer } from '../../../../server.fixture.ts'
import { knownMoment } from '../../live/known-moment.ts'

// A test that needs the second request within a second stops the clock of the memory.
const stopClock = () => vi.useFakeTimers({ toFake: ['performance'] })

async function openCounting(server: TestServer) {
  const bus = localBus()
  const glance = vi.fn(server.farm.matrix.glance)
  const farm = { ...server.farm, matrix: { ...server.farm.matrix, glance } }
  farm.onEvent(() => bus.publish(topics.matrix))
  const app = await server.open({ farm, bus })
  const page = async (url = '/', headers = {}) => (await app.inject({ url, headers })).body
  return { app, bus, glance, page }
}

/** Signs in, and returns the cookie. */
async function signIn(server: TestServer): Promise<string> {
  const { pathname } = new URL((await server.post('/api/v1/login-links')).json().url)
  const used = await server.ask({ method: 'POST', url: pathname })
  return String(used.headers['set-cookie']).split(';')[0] ?? ''
}

serverTest(
  'two requests without a change ask the farm once, and a request after an event asks again',
  async ({ server }) => {
    await server.configure()
    const { app, glance, page } = await openCounting(server)
    stopClock()
    try {
      expect(await page()).toContain('No hosts yet')
      expect(await page()).toContain('No hosts yet')
      expect(glance).toHaveBeenCalledTimes(1)
      await server.host('vax')
      expect(await page()).toContain('/hosts/vax')
      expect(glance).toHaveBeenCalledTimes(2)
    } finally {
      vi.useRealTimers()
      await app.close()
    }
  },
)

serverTest('a changed farm.yaml shows on the next request', async ({ server }) => {
  await server.configure({ name: 'one' })
  const { app, page } = await openCounting(server)
  stopClock()
  try {
    expect(await page('/?project=one')).not.toContain('two')
    await server.configure({ name: 'one' }, { name: 'two' })
    expect(await page('/?project=one')).toContain('/?project=two')
  } finally {
    vi.useRealTimers()
    await app.close()
  }
})

serverTest('pages of different filters and visitors do not mix', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  const { app, glance, page } = await openCounting(server)
  const cookie = await signIn(server)
  stopClock()
  try {
    const admin = await page('/', { cookie })
    const other = await page('/')
    expect(glance).toHaveBeenCalledTimes(1)
    expect(admin).toContain('name="_csrf"')
    expect(other).not.toContain('_csrf')
    expect(other).not.toContain('Sign out')
    expect(other).toContain('/hosts/vax')
    expect(await page('/?host=alpha')).not.toContain('/hosts/vax')
    expect(await page('/?trouble=1')).toContain('name="trouble"')
    expect(await page('/')).not.toContain('name="trouble"')
  } finally {
    vi.useRealTimers()
    await app.close()
  }
})

serverTest('an unknown project is not remembered', async ({ server }) => {
  await server.configure()
  const { app, glance } = await openCounting(server)
  const statuses = [await app.inject('/?project=none'), await app.inject('/?project=none')]
  expect(statuses.map(({ statusCode }) => statusCode)).toEqual([404, 404])
  expect(glance).toHaveBeenCalledTimes(2)
  await app.close()
})

serverTest(
  'browsers that load the page after the same event share one page while the farm changes',
  async ({ server }) => {
    await server.configure()
    await server.host('vax')
    const { app, glance } = await openCounting(server)
    const acceptEncoding = { 'accept-encoding': 'gzip, br' }
    stopClock()
    try {
      const headers = { 'x-known-moment': knownMoment(), ...acceptEncoding }
      const load = () => app.inject({ url: '/', headers })
      vi.advanceTimersByTime(5)
      const first = await load()
      for (let change = 0; change < 20; change++) {
        await server.host(`host-${change}`)
        expect((await load()).rawPayload).toEqual(first.rawPayload)
      }
      expect(glance).toHaveBeenCalledTimes(1)
      vi.advanceTimersByTime(5)
      expect(
        (await app.inject({ url: '/', headers: { ...headers, 'x-known-moment': knownMoment() } })).rawPayload,
      ).not.toEqual(first.rawPayload)
      expect(glance).toHaveBeenCalledTimes(2)
      expect((await app.inject({ url: '/', headers: { 'x-known-moment': 'other.1' } })).body).toContain(
        '/hosts/host-19',
      )
    } finally {
      vi.useRealTimers()
      await app.close()
    }
  },
)

serverTest(
  'after an event of another server, a page is new although this server has not received the event',
  async ({ server }) => {
    await server.configure()
    const bus = localBus()
    const glance = vi.fn(server.farm.matrix.glance)
    const app = await server.open({ farm: { ...server.farm, matrix: { ...server.farm.matrix, glance } }, bus })
    onTestFinished(() => app.close())
    const page = async (headers = {}) => (await app.inject({ url: '/', headers })).body
    const cookie = await signIn(server)
    const before = await page()
    await server.host('vax')
    const moment = { 'x-known-moment': `another.5.${farmTime()}` }
    expect(before).not.toContain('/hosts/vax')
    const pages = await Promise.all([page(moment), page(moment), page({ ...moment, cookie })])
    for (const each of pages) expect(each).toContain('/hosts/vax')
    expect(glance).toHaveBeenCalledTimes(2) // these pages share one
  },
)

serverTest(
  'a page that has not changed has the same ETag later, and its answer has the new time',
  async ({ server }) => {
    await server.configure()
    const { app } = await openCounting(server)
    vi.useFakeTimers({ toFake: ['performance', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const load = (headers = {}) => app.inject({ url: '/', headers })
    const [first, compressed] = [await load(), await load({ 'accept-encoding': 'br' })]
    expect(compressed.headers).toMatchObject({ 'content-encoding': 'br', etag: first.headers.etag })
    expect(String(first.headers.vary)).toContain('Accept-Encoding')
    vi.advanceTimersByTime(1_010)
    const again = await load({ 'if-none-match': first.headers.etag })
    expect([again.statusCode, again.body]).toEqual([304, ''])
    // A browser replaces the headers of its copy by these.
    const policy = 'content-security-policy'
    expect(again.headers[policy]).toBe(first.headers[policy])
    expect(Number(again.headers['x-page-since'])).toBeGreaterThan(Number(first.headers['x-page-since']))
    await server.host('vax')
    const changed = await load({ 'if-none-match': first.headers.etag })
    expect([changed.statusCode, changed.body.includes('/hosts/vax')]).toEqual([200, true])
    await app.close()
  },
)

serverTest('if the farm changes all the time, a storm of new readers makes one page a second', async ({ server }) => {
  await server.configure()
  const { app, bus, glance } = await openCounting(server)
  stopClock()
  try {
    const load = async () => {
      bus.publish(topics.matrix)
      return (await app.inject('/')).statusCode
    }
    for (let reader = 0; reader < 100; reader++) expect(await load()).toBe(200)
    expect(glance.mock.calls.length).toBeLessThanOrEqual(31)
    const before = glance.mock.calls.length
    vi.advanceTimersByTime(1_001)
    for (let reader = 0; reader < 20; reader++) await load()
    expect(glance.mock.calls.length - before).toBeLessThanOrEqual(2)
  } finally {
    vi.useRealTimers()
    await app.close()
  }
})

import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { authPlugin } from '../../../auth/plugin.ts'
import { localBus } from '../../../events/bus.ts'
import type { Services } from '../../../services.ts'
import { dashboardPlugin } from '../plugin.ts'
import { Streams } from './stream.ts'
import { streamLimits, streamLimitsFor } from './stream-limits.ts'

/** Serves the pages of a farm whose jobs never change. Each session belongs to an administrator. */
async function serve(descriptors = 100_000): Promise<FastifyInstance> {
  const farm = {
    projects: {
      configurationState: async () => ({ problems: [], acceptedAt: null }),
      repositories: async () => new Map(),
    },
    access: { findSession: async () => ({ name: 'admin', scope: 'admin', hash: 'x' }) },
    builds: { findJob: () => new Promise(() => {}) },
    attempts: { logSize: async () => 0 },
  }
  const services = {
    farm,
    bus: localBus(),
    config: { secrets: { server: 'x' }, embedOrigins: [], notifiers: {} },
  } as unknown as Services
  const app = Fastify({ forceCloseConnections: true })
  app.decorate('publicPath', '')
  await app.register(authPlugin(services))
  await app.register(dashboardPlugin(services, new Streams(streamLimitsFor(descriptors))))
  onTestFinished(() => void app.close())
  return app
}

/** Opens a stream for this number of pages. Resolves when the headers arrive, and the stream stays open. */
function openPages(app: FastifyInstance, remoteAddress: string, pages: number, session?: string) {
  const logs = Array.from({ length: pages - 1 }, (_, job) => `log=${job + 1}.1:0:1`)
  const cookies = session === undefined ? {} : { rumpfarm_session: session }
  return app.inject({ url: `/events?${['since=0', ...logs].join('&')}`, remoteAddress, cookies, payloadAsStream: true })
}

const expectOpen = ({ statusCode, headers }: LightMyRequestResponse) =>
  expect([statusCode, headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])

const expectRefused = ({ statusCode, headers }: LightMyRequestResponse) =>
  expect([statusCode, headers['content-type'], headers['retry-after']]).toEqual([429, 'text/plain', '30'])

test('one address has at most 60 live pages', async () => {
  const app = await serve()
  expectOpen(await openPages(app, '192.0.2.1', 59))
  expectRefused(await openPages(app, '192.0.2.1', 2))
  expectOpen(await openPages(app, '192.0.2.1', 1))
  expectRefused(await openPages(app, '192.0.2.1', 1))
  expectOpen(await openPages(app, '192.0.2.2', 1))
})

test('one session of an administrator has at most 30 live pages, even if they come from several addresses', async () => {
  const app = await serve()
  expectOpen(await openPages(app, '192.0.2.1', 29, 'one'))
  expectOpen(await openPages(app, '192.0.2.2', 1, 'one'))
  expectRefused(await openPages(app, '192.0.2.3', 1, 'one'))
  expectOpen(await openPages(app, '192.0.2.1', 30, 'other'))
})

test('the pages of all addresses may use the descriptors of the process except for 512, or half of them', async () => {
  expect([600, 1_024, 20_000].map(descriptors => streamLimitsFor(descriptors).all)).toEqual([300, 512, 19_488])
  const app = await serve(200)
  for (let address = 1; address <= 2; address++) expectOpen(await openPages(app, `192.0.2.${address}`, 50))
  const refused = await openPages(app, '192.0.2.99', 1)
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '30'])
})

test('the refusal says what is too much', async () => {
  const app = await serve()
  await openPages(app, '192.0.2.1', 60)
  expect((await app.inject({ url: '/events?since=0', remoteAddress: '192.0.2.1' })).body).toBe(
    '60 live pages or event streams are open from this address: close some, or try again later.\n',
  )
})

test('the server finds its limits without a stack trace, which would load its source map', () => {
  const { prepareStackTrace, stackTraceLimit } = Error
  onTestFinished(() => void Object.assign(Error, { prepareStackTrace }))
  let frames = 0
  Error.prepareStackTrace = (_error, sites) => {
    frames += sites.length
  }
  expect(streamLimits().all).toBeGreaterThan(0)
  expect([frames, Error.stackTraceLimit]).toEqual([0, stackTraceLimit])
})

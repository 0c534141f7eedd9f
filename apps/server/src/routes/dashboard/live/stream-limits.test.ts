import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { authPlugin } from '../../../auth/plugin.ts'
import { localBus } from '../../../events/bus.ts'
import type { Services } from '../../../services.ts'
import { dashboardPlugin } from '../plugin.ts'
import { Streams, streamLimits } from './stream.ts'

/** Serves the pages of a farm whose jobs never change. Each session belongs to an administrator. */
async function serve(): Promise<FastifyInstance> {
  const farm = {
    projects: {
      configurationState: async () => ({ problems: [], acceptedAt: null }),
      repositories: async () => new Map(),
    },
    access: { findSession: async () => ({ name: 'admin', scope: 'admin', hash: 'x' }) },
    builds: { findJob: () => new Promise(() => {}) },
    attempts: { logSize: () => 0 },
  }
  const services = {
    farm,
    bus: localBus(),
    config: { secrets: { server: 'x' }, embedOrigins: [], notifiers: {} },
  } as unknown as Services
  const app = Fastify({ forceCloseConnections: true })
  app.decorate('publicPath', '')
  await app.register(authPlugin(services))
  await app.register(dashboardPlugin(services, new Streams(streamLimits)))
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

test('the server has at most 500 live pages', async () => {
  const app = await serve()
  for (let address = 1; address <= 10; address++) expectOpen(await openPages(app, `192.0.2.${address}`, 50))
  expectRefused(await openPages(app, '192.0.2.99', 1))
})

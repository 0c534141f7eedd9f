import Fastify from 'fastify'
import { authPlugin } from '../../auth/plugin.ts'
import { addPublicPath } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { Streams } from '../dashboard/live/stream.ts'
import { streamLimits } from '../dashboard/live/stream-limits.ts'
import { apiPlugin } from './plugin.ts'

/**
 * The OpenAPI document without a running farm, for packages/client/generate.mjs. It depends only on the schemas of the
 * routes, so no route may use a service before its first request.
 */
export async function openApiDocument(): Promise<object> {
  const app = Fastify()
  const services = { config: {} } as unknown as Services
  addPublicPath(app, '')
  await app.register(authPlugin(services))
  await app.register(apiPlugin(services, new Streams(streamLimits())))
  const answer = await app.inject('/api/v1/openapi.json')
  await app.close()
  if (answer.statusCode !== 200) throw new Error(`the OpenAPI document cannot be made: ${answer.body}`)
  return answer.json()
}

import { farmSchema } from '@rumpfarm/farm'
import type { FastifyInstance } from 'fastify'
import { crossOriginHeaders } from '../../http/security-headers.ts'

/**
 * The JSON Schema of farm.yaml. Editors read it, also those in a browser. It is the same for every farm of this version
 * and says nothing about the farm, so any site may read it.
 */
export function farmSchemaRoute(app: FastifyInstance): void {
  let text: string | undefined
  app.get('/farm.schema.json', async (_request, reply) => {
    text ??= `${JSON.stringify(farmSchema())}\n`
    return reply.headers(crossOriginHeaders).type('application/schema+json; charset=utf-8').send(text)
  })
}

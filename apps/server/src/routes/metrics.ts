import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { answerRefusals, Refusal } from '../http/problems.ts'
import { isOwnMachine, limitRates } from '../http/rate-limits.ts'
import type { Services } from '../services.ts'

/**
 * The values for monitoring, in Prometheus' text format (docs/monitoring.md). Programs on the farm's own machine may
 * read them, and programs that send METRICS_TOKEN.
 */
export const metricsPlugin =
  ({ metrics, config }: Pick<Services, 'metrics' | 'config'>) =>
  async (app: FastifyInstance) => {
    await limitRates(app, 'metrics')
    answerRefusals(app)
    app.get('/metrics', async (request, reply) => {
      checkReader(request, config.metricsToken)
      const { contentType, text } = await metrics.render()
      return reply.type(contentType).header('cache-control', 'no-store').send(text)
    })
  }

function checkReader(request: FastifyRequest, token: string | undefined): void {
  if (isOwnMachine(request)) return
  if (token === undefined)
    throw new Refusal(
      'not-allowed',
      'only programs on the machine of the farm may read /metrics: set METRICS_TOKEN on the server to allow others',
    )
  const sent = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (sent !== undefined && isEqual(sent, token)) return
  throw new Refusal('not-signed-in', 'send "Authorization: Bearer TOKEN" with the METRICS_TOKEN of the server')
}

/** Compares hashes, so that the time of the comparison says nothing about the token. */
const isEqual = (one: string, other: string): boolean => timingSafeEqual(sha256(one), sha256(other))
const sha256 = (text: string) => createHash('sha256').update(text).digest()

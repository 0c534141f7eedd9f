import type { FastifyInstance } from 'fastify'
import type { Parts } from '../parts.ts'

/** For supervisors and balancers: `/healthz` says that this process answers, `/readyz` that its database does, too. */
export const healthDoor =
  ({ farm }: Pick<Parts, 'farm'>) =>
  async (app: FastifyInstance) => {
    app.get('/healthz', async () => ({ status: 'ok' }))
    app.get('/readyz', async (_request, reply) => {
      const problem = await farm.ping().then(
        () => undefined,
        (error: Error) => error.message,
      )
      return problem === undefined
        ? { status: 'ok' }
        : reply.code(503).header('retry-after', '5').send({ status: 'database', problem })
    })
  }

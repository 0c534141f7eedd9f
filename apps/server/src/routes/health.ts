import { statfs } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { answerRefusals } from '../http/problems.ts'
import { limitRates } from '../http/rate-limits.ts'
import type { Services } from '../services.ts'

/** If the data directory has less free space than this, logs and the database will soon fail. */
const freeBytesMin = 50_000_000

/**
 * Two addresses for supervisors and load balancers. `/healthz` says that this process answers. `/readyz` also says that
 * the database answers within 5 s and that the data directory has free space. The answers contain no address and no
 * path, because everybody can read them.
 */
export const healthPlugin =
  ({ farm, config }: Pick<Services, 'farm' | 'config'>) =>
  async (app: FastifyInstance) => {
    await limitRates(app)
    answerRefusals(app)
    app.get('/healthz', async () => ({ status: 'ok' }))
    app.get('/readyz', async (request, reply) => {
      const unready = (status: string, problem: string) =>
        reply.code(503).header('retry-after', '5').send({ status, problem })
      try {
        await farm.ping()
      } catch (error) {
        request.log.warn({ err: error }, 'the database does not answer')
        return unready('database', 'the database does not answer; see the log of the server')
      }
      const free = await freeBytes(config.dataDirectory)
      if (free >= freeBytesMin) return { status: 'ok' }
      return unready(
        'storage',
        `the data directory has ${Math.floor(free / 1_000_000)} MB free: the operator must free some space`,
      )
    })
  }

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

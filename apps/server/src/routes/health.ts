import { statfs } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { answerRefusals } from '../http/problems.ts'
import { limitRates } from '../http/rate-limits.ts'
import type { Services } from '../services.ts'

/** With less room than this in the data directory, logs and the database are about to stop. */
const freeBytesMin = 50_000_000

/**
 * For supervisors and balancers: `/healthz` says that this process answers; `/readyz` that its database answers, too, within
 * five seconds, and that the data directory has room. Neither tells a stranger an address or a path.
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
        return unready('database', 'the database does not answer; the log of the server says why')
      }
      const free = await freeBytes(config.dataDirectory)
      if (free >= freeBytesMin) return { status: 'ok' }
      return unready('storage', `the data directory has ${Math.floor(free / 1_000_000)} MB free: free some space`)
    })
  }

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

import { jobIdMax } from '@rumpfarm/contracts'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../http/problems.ts'

/** The largest number of a column, except the number of a job. */
const idMax = 2_147_483_647

/**
 * Answers 404 to an address with a number that no row can have. PostgreSQL would refuse the number, and the request
 * would end with 500.
 */
export function refuseLargeIds(app: FastifyInstance): void {
  app.addHook('preHandler', async ({ params, routeOptions }) => {
    const isJob = /\/jobs\/:id(?:\/|$)/.test(routeOptions.url ?? '')
    const large = Object.entries(params ?? {})
      .filter(([name, value]) => typeof value === 'number' && value >= (isJob && name === 'id' ? jobIdMax : idMax))
      .map(([, value]) => value)[0]
    if (large !== undefined) throw new Refusal('unknown', `nothing in the farm has the number ${large}`)
  })
}

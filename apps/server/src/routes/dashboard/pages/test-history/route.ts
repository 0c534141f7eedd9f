import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noTest } from '../problem/page-error.ts'
import { cellsShown, renderTestHistoryPage } from './page.tsx'

/** One test on all hosts. */
export function testHistoryRoute(app: FastifyInstance, services: Services): void {
  app.get(
    '/projects/:name/tests/:id',
    async (request: FastifyRequest<{ Params: { name: string; id: string } }>, reply) => {
      const { name, id } = request.params
      const number = wholeNumber(id)
      const from = wholeNumber(queryWord(request, 'from')) ?? 0
      const page = { from, limit: cellsShown }
      const history = number === undefined ? undefined : await services.farm.testResults.history(name, number, page)
      if (!history) throw noTest(name, id)
      return sendPage(reply, renderTestHistoryPage({ visit: await visitOf(services, request), history, from }))
    },
  )
}

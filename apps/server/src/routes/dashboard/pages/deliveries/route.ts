import { forgeKinds, forgeName } from '@rumpfarm/connectors'
import type { FastifyInstance } from 'fastify'
import { isAdmin } from '../../../../auth/plugin.ts'
import type { Services } from '../../../../services.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { renderDeliveriesPage } from './page.tsx'

const pageSize = 50

/** The names of the senders, for people. */
export const senderNames = forgeKinds.map(kind => ({ kind, name: forgeName(kind) }))

export function deliveriesRoute(app: FastifyInstance, services: Services): void {
  app.get('/deliveries', async (request, reply) => {
    const choice = {
      sender: queryWord(request, 'sender'),
      outcome: queryWord(request, 'outcome'),
      project: queryWord(request, 'project'),
      q: queryWord(request, 'q')?.trim().slice(0, 80) || undefined,
    }
    const { q: text, ...filter } = choice
    const before = wholeNumber(queryWord(request, 'before'))
    const [visit, found] = await Promise.all([
      visitOf(services, request),
      services.farm.deliveries.list({ ...filter, text, refused: isAdmin(request), before, limit: pageSize + 1 }),
    ])
    const deliveries = found.slice(0, pageSize)
    const next = found.length > pageSize ? deliveries.at(-1)?.id : undefined
    return sendPage(reply, renderDeliveriesPage({ visit, deliveries, choice, senders: senderNames, before: next }))
  })
}

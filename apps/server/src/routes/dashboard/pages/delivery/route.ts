import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isAdmin, requireAdmin } from '../../../../auth/plugin.ts'
import type { Services } from '../../../../services.ts'
import { replay } from '../../../../trigger/replay.ts'
import { seeOther } from '../../forms.ts'
import { wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { senderNames } from '../deliveries/route.ts'
import { PageError } from '../problem/page-error.ts'
import { renderDeliveryPage } from './page.tsx'

type DeliveryRequest = FastifyRequest<{ Params: { id: string } }>

export function deliveryRoute(app: FastifyInstance, services: Services): void {
  app.get('/deliveries/:id', async (request: DeliveryRequest, reply) => {
    const { id } = request.params
    const [visit, delivery] = await Promise.all([
      visitOf(services, request),
      services.farm.deliveries.find(wholeNumber(id) ?? 0),
    ])
    if (!delivery || (delivery.outcome === 'refused' && !isAdmin(request))) throw noDelivery(id)
    const sender = senderNames.find(({ kind }) => kind === delivery.sender)?.name ?? delivery.sender
    return sendPage(reply, renderDeliveryPage({ visit, delivery, sender }))
  })

  app.post(
    '/deliveries/:id/replay',
    { preHandler: requireAdmin },
    async ({ params: { id } }: DeliveryRequest, reply) => {
      if (!(await replay(services, wholeNumber(id) ?? 0))) throw noDelivery(id)
      return seeOther(reply, `/deliveries/${id}`)
    },
  )
}

const noDelivery = (id: string) =>
  new PageError(404, {
    title: `There is no delivery ${id}`,
    text: 'The farm keeps the newest 1,000 deliveries. It cannot replay a delivery that it refused.',
    next: { href: '/deliveries', text: 'All deliveries' },
  })

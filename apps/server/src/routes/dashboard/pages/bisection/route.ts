import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noBisection } from '../problem/page-error.ts'
import { renderBisectionPage } from './page.tsx'
import { renderStartPage } from './start-page.tsx'

export function bisectionRoute(app: FastifyInstance, services: Services): void {
  app.get('/bisections/new', async (request, reply) => {
    const word = (name: string) => queryWord(request, name) ?? ''
    const cell = { project: word('project'), branch: word('branch'), host: word('host'), arch: word('arch') }
    const wanted = { ...cell, variant: word('variant') || 'default' }
    const quote = await services.farm.bisections.quote({ ...wanted, branch: wanted.branch || undefined })
    return sendPage(reply, renderStartPage({ visit: await visitOf(services, request), cell: wanted, quote }))
  })

  livePage(app, '/bisections/:id', async (request: FastifyRequest<{ Params: { id: string } }>) => {
    const bisection = await services.farm.bisections.find(wholeNumber(request.params.id) ?? 0)
    if (!bisection) throw noBisection(request.params.id)
    return renderBisectionPage({ visit: await visitOf(services, request), bisection })
  })
}

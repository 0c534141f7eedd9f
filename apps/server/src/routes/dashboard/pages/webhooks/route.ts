import type { FastifyInstance, FastifyRequest } from 'fastify'
import { publicUrlOf } from '../../../../http/public-url.ts'
import type { Services } from '../../../../services.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noProject } from '../problem/page-error.ts'
import { renderWebhooksPage } from './page.tsx'

export function webhooksRoute(app: FastifyInstance, services: Services): void {
  app.get('/projects/:name/webhooks', async (request: FastifyRequest<{ Params: { name: string } }>, reply) => {
    const { name } = request.params
    const project = (await services.farm.projects.list()).get(name)
    if (!project) throw noProject(name)
    const visit = await visitOf(services, request)
    return sendPage(reply, renderWebhooksPage({ visit, project, url: publicUrlOf(services.config, request) }))
  })
}

import { type ForgeKind, forgeKinds, forgeName } from '@rumpfarm/connectors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import { ownUrlOf } from '../../../../http/public-url.ts'
import type { Services } from '../../../../services.ts'
import { testWebhook } from '../../../../trigger/test-webhook.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noProject, PageError } from '../problem/page-error.ts'
import { renderWebhookTestPage } from './page.tsx'

type TestForm = FastifyRequest<{ Params: { name: string }; Body: { sender?: string } | null }>

export function webhookTestRoute(app: FastifyInstance, services: Services): void {
  app.post('/projects/:name/webhook-tests', { preHandler: requireAdmin }, async (request: TestForm, reply) => {
    const { name } = request.params
    const kind = forgeKinds.find(known => known === request.body?.sender)
    const project = (await services.farm.projects.configs()).get(name)
    if (!project) throw noProject(name)
    if (!kind) throw noForge
    const result = await testWebhook(services, project, kind, ownUrlOf(services.config, request))
    const visit = await visitOf(services, request)
    return sendPage(reply, renderWebhookTestPage({ visit, project: name, forge: forgeName(kind as ForgeKind), result }))
  })
}

const noForge = new PageError(404, {
  title: 'There is no such forge',
  text: `The farm knows ${forgeKinds.join(', ')}.`,
  next: { href: '/', text: 'The matrix of all projects' },
})

import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import type { Services } from '../../../../services.ts'
import { triggerBuild } from '../../../../trigger/trigger-build.ts'
import { seeOther } from '../../forms.ts'
import { buildOf } from './trigger-outcome.ts'

type TriggerForm = FastifyRequest<{ Params: { name: string }; Body: { ref?: string } | null }>

export function projectForms(app: FastifyInstance, services: Services): void {
  app.post('/projects/:name/trigger', { preHandler: requireAdmin }, async ({ params, body }: TriggerForm, reply) => {
    const outcome = await triggerBuild(services, {
      project: params.name,
      ref: body?.ref?.trim() || undefined,
      source: 'button',
      deliveryId: randomUUID(),
    })
    const { buildId, created } = buildOf(params.name, outcome)
    return seeOther(reply, `/builds/${buildId}${created ? '' : '?built=before'}`)
  })
}

import { randomUUID } from 'node:crypto'
import type { WantedCells } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import type { Services } from '../../../../services.ts'
import { triggerBuild } from '../../../../trigger/trigger-build.ts'
import { segment } from '../../components/escape.ts'
import { seeOther } from '../../forms.ts'
import { buildOf } from './trigger-outcome.ts'

type Fields = { ref?: string; again?: string; host?: string; arch?: string; variant?: string }
type TriggerForm = FastifyRequest<{ Params: { name: string }; Body: Fields | null }>

export function projectForms(app: FastifyInstance, services: Services): void {
  type Request = FastifyRequest<{ Params: { name: string } }>
  app.post(
    '/projects/:name/statuses/retry',
    { preHandler: requireAdmin },
    async ({ params: { name } }: Request, reply) => {
      await services.farm.statuses.retry(name)
      return seeOther(reply, `/projects/${segment(name)}`)
    },
  )

  app.post('/projects/:name/trigger', { preHandler: requireAdmin }, async ({ params, body }: TriggerForm, reply) => {
    const outcome = await triggerBuild(services, {
      project: params.name,
      ref: body?.ref?.trim() || undefined,
      again: body?.again === 'yes',
      wanted: wantedOf(body ?? {}),
      cause: 'hand',
      source: 'button',
      deliveryId: randomUUID(),
    })
    const { buildId, created } = buildOf(params.name, outcome)
    return seeOther(reply, `/builds/${buildId}${created ? '' : '?built=before'}`)
  })
}

/** An empty field means all. */
function wantedOf({ host, arch, variant }: Fields): WantedCells | undefined {
  if (!host && !arch && !variant) return undefined
  return {
    hosts: host ? [host] : undefined,
    arches: arch ? [arch] : undefined,
    variants: variant ? [variant] : undefined,
  }
}

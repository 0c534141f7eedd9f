import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import type { Services } from '../../../../services.ts'
import { triggerOutcome } from '../../../../trigger/trigger-build.ts'
import { seeOther } from '../../forms.ts'
import { wholeNumber } from '../../query.ts'
import { noBuild } from '../problem/page-error.ts'
import { buildOf } from '../project/trigger-outcome.ts'

type BuildForm = FastifyRequest<{ Params: { id: string } }>

export function buildForms(app: FastifyInstance, { farm }: Services): void {
  const admin = { preHandler: requireAdmin }

  app.post('/builds/:id/cancel', admin, async ({ params: { id } }: BuildForm, reply) => {
    const outcome = await farm.builds.cancel(wholeNumber(id) ?? 0)
    if (outcome.kind === 'unknown') throw noBuild(id)
    return seeOther(reply, `/builds/${id}`)
  })

  app.post('/builds/:id/again', admin, async ({ params: { id } }: BuildForm, reply) => {
    const build = await farm.builds.find(wholeNumber(id) ?? 0)
    if (!build) throw noBuild(id)
    const { project, commit, branch, subject, author } = build
    const outcome = await farm.builds.receivePush({
      project,
      commit,
      branch: branch ?? undefined,
      subject: subject ?? undefined,
      author: author ?? undefined,
      source: 'button',
      deliveryId: randomUUID(),
      again: true,
    })
    const { buildId } = buildOf(project, triggerOutcome(outcome, commit, null))
    return seeOther(reply, `/builds/${buildId}`)
  })
}

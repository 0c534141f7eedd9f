import { randomUUID } from 'node:crypto'
import type { BuildSubject, BuildView } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import type { Services } from '../../../../services.ts'
import { triggerOutcome } from '../../../../trigger/trigger-build.ts'
import { seeOther } from '../../forms.ts'
import { wholeNumber } from '../../query.ts'
import { missingBuild } from '../problem/missing.ts'
import { cannotBuildAgain } from '../problem/page-error.ts'
import { buildOf } from '../project/trigger-outcome.ts'

type BuildForm = FastifyRequest<{ Params: { id: string } }>

export function buildForms(app: FastifyInstance, { farm }: Services): void {
  const admin = { preHandler: requireAdmin }

  app.post('/builds/:id/cancel', admin, async ({ params: { id }, allowedBy }: BuildForm, reply) => {
    const outcome = await farm.builds.cancel(wholeNumber(id) ?? 0, allowedBy?.name)
    if (outcome.kind === 'unknown') throw await missingBuild(farm, id)
    return seeOther(reply, `/builds/${id}`)
  })

  app.post('/builds/:id/again', admin, async ({ params: { id } }: BuildForm, reply) => {
    const build = await farm.builds.find(wholeNumber(id) ?? 0)
    if (!build) throw await missingBuild(farm, id)
    const { project, commit, subject, author } = build
    const of = subjectOf(build)
    if (!of) throw cannotBuildAgain(build.id)
    const outcome = await farm.builds.request({
      project,
      commit,
      of,
      cause: 'hand',
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

/** What the build builds; undefined for a try. */
function subjectOf({ kind, branch, tag, pullRequestId, fork }: BuildView): BuildSubject | undefined {
  switch (kind) {
    case 'branch':
      return { kind, branch: branch ?? undefined }
    case 'tag':
      return { kind, tag: tag ?? '' }
    case 'pull-request':
      return { kind, id: pullRequestId ?? 0, fork }
    case 'try':
      return undefined
  }
}

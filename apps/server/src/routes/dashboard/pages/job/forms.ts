import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import type { Services } from '../../../../services.ts'
import { seeOther } from '../../forms.ts'
import { jobNumber } from '../../query.ts'
import { missingJob } from '../problem/missing.ts'
import { PageError } from '../problem/page-error.ts'

type JobForm = FastifyRequest<{ Params: { id: string } }>

export function jobForms(app: FastifyInstance, { farm }: Services): void {
  const admin = { preHandler: requireAdmin }

  app.post('/jobs/:id/cancel', admin, async ({ params: { id }, allowedBy }: JobForm, reply) => {
    const outcome = await farm.builds.cancelJob(jobNumber(id) ?? 0, allowedBy?.name)
    if (outcome.kind === 'unknown') throw await missingJob(farm, id)
    return seeOther(reply, `/jobs/${id}`)
  })

  app.post('/jobs/:id/retry', admin, async ({ params: { id } }: JobForm, reply) => {
    const outcome = await farm.builds.retryJob(jobNumber(id) ?? 0)
    if (outcome.kind === 'unknown') throw await missingJob(farm, id)
    if (outcome.kind === 'not-runnable') throw notRunnable(id, outcome.why)
    return seeOther(reply, `/jobs/${id}`)
  })
}

const notRunnable = (id: string, why: string) =>
  new PageError(409, {
    title: 'This job cannot run again',
    text: sentenceOf(why),
    next: { href: `/jobs/${id}`, text: 'Back to the job' },
  })

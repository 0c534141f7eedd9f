import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import { bisectProblem } from '../../../../http/problems/outcomes.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import type { Services } from '../../../../services.ts'
import type { BisectedCell } from '../../components/bisection.tsx'
import { seeOther } from '../../forms.ts'
import { wholeNumber } from '../../query.ts'
import { noBisection, PageError } from '../problem/page-error.ts'

type StartForm = FastifyRequest<{ Body: Partial<BisectedCell> | null }>
type BisectionForm = FastifyRequest<{ Params: { id: string } }>

export function bisectionForms(app: FastifyInstance, { farm }: Services): void {
  const admin = { preHandler: requireAdmin }

  app.post('/bisections', admin, async ({ body }: StartForm, reply) => {
    const { project = '', branch, host = '', arch = '', variant = 'default' } = body ?? {}
    const cell = { project, branch: branch || undefined, host, arch, variant }
    const outcome = await farm.bisections.start({ ...cell, startedBy: 'administrator' })
    if (outcome.kind === 'started' || outcome.kind === 'running') return seeOther(reply, `/bisections/${outcome.id}`)
    throw notPossible('No bisection was started', bisectProblem(cell, outcome).detail, '/bisections')
  })

  app.post('/bisections/:id/cancel', admin, async ({ params: { id } }: BisectionForm, reply) => {
    const outcome = await farm.bisections.cancel(wholeNumber(id) ?? 0)
    if (outcome.kind === 'unknown') throw noBisection(id)
    return seeOther(reply, `/bisections/${id}`)
  })

  app.post('/bisections/:id/continue', admin, async ({ params: { id } }: BisectionForm, reply) => {
    const outcome = await farm.bisections.continue(wholeNumber(id) ?? 0)
    if (outcome.kind === 'unknown') throw noBisection(id)
    if (outcome.kind === 'not-possible')
      throw notPossible(`Bisection ${id} does not continue`, outcome.why, `/bisections/${id}`)
    return seeOther(reply, `/bisections/${id}`)
  })

  app.post('/bisections/:id/inside-merge', admin, async ({ params: { id } }: BisectionForm, reply) => {
    const outcome = await farm.bisections.lookInsideMerge({ id: wholeNumber(id) ?? 0, startedBy: 'administrator' })
    if (outcome.kind === 'unknown') throw noBisection(id)
    if (outcome.kind === 'not-possible') throw notPossible('No bisection was started', outcome.why, `/bisections/${id}`)
    return seeOther(reply, `/bisections/${outcome.id}`)
  })
}

const notPossible = (title: string, why: string, href: string) =>
  new PageError(409, { title, text: sentenceOf(why), next: { href, text: 'Back to the bisection' } })

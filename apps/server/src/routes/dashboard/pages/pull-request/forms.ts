import type { DecisionOutcome } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import type { Services } from '../../../../services.ts'
import { decisionProblem } from '../../../../trigger/decision-problem.ts'
import { pullRequestPath } from '../../components/pull-request.tsx'
import { seeOther } from '../../forms.ts'
import { wholeNumber } from '../../query.ts'
import { noPullRequest, PageError } from '../problem/page-error.ts'

type DecisionForm = FastifyRequest<{ Params: { name: string; number: string }; Body: { commit?: string } | null }>

export function pullRequestForms(app: FastifyInstance, { farm }: Services): void {
  const admin = { preHandler: requireAdmin }
  const path = '/projects/:name/pull-requests/:number'

  app.post(`${path}/approve`, admin, async (request: DecisionForm, reply) => {
    return seeOther(reply, pathAfter(request, await farm.pullRequests.approve(decisionOf(request))))
  })

  app.post(`${path}/refuse`, admin, async (request: DecisionForm, reply) => {
    return seeOther(reply, pathAfter(request, await farm.pullRequests.refuse(decisionOf(request))))
  })
}

const decisionOf = ({ params: { name, number }, body, allowedBy }: DecisionForm) => ({
  project: name,
  number: wholeNumber(number) ?? 0,
  commit: body?.commit ?? '',
  by: allowedBy?.name ?? 'administrator',
})

function pathAfter({ params: { name, number } }: DecisionForm, outcome: DecisionOutcome): string {
  if (outcome.kind === 'unknown') throw noPullRequest(number, name)
  const request = { project: name, number: wholeNumber(number) ?? 0 }
  if (outcome.kind === 'approved' || outcome.kind === 'refused') return pullRequestPath(request)
  throw new PageError(409, {
    title: 'The decision was not recorded',
    text: sentenceOf(decisionProblem(outcome, request).detail),
    next: { href: pullRequestPath(request), text: `Pull request ${number}` },
  })
}

import { readStandardDelivery, type StandardDelivery } from '@rumpfarm/connectors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerProblem, repeatedWithoutBuild, triggerProblem } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { isFullCommit, type TriggerOutcome, triggerBuild, triggerOutcome } from '../../trigger/trigger-build.ts'
import { bodyOf } from './raw.ts'

type Delivery = Extract<StandardDelivery, { kind: 'trigger' }>

/** Answers a signed webhook (standardwebhooks.com), with which any program can request a build. */
export async function answerGeneric(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const delivery = readStandardDelivery(request.headers, bodyOf(request), [services.config.secrets.webhook])
  switch (delivery.kind) {
    case 'bad-signature':
    case 'stale':
      return problem(reply, 'bad-signature', `${delivery.problem}; the secret is in data/secrets/webhook`)
    case 'malformed':
      return problem(reply, 'malformed', `${delivery.where}: ${delivery.problem}`)
    case 'trigger':
      return answerOutcome(services, request, reply, delivery)
  }
}

async function answerOutcome(services: Services, request: FastifyRequest, reply: FastifyReply, delivery: Delivery) {
  const { project } = delivery
  const outcome = await trigger(services, delivery)
  if (outcome.kind !== 'built' && outcome.kind !== 'repeated')
    return answerProblem(reply, triggerProblem(project, outcome))
  if (outcome.buildId === null) return reply.send({ status: 'ignored', why: repeatedWithoutBuild })
  const created = outcome.kind === 'built' && outcome.created
  const url = `${publicUrlOf(services.config, request)}/builds/${outcome.buildId}`
  return reply.code(202).send({ builds: [{ id: outcome.buildId, project, url, created }] })
}

/** If the request names a full commit, the answer needs no git, so it takes milliseconds. Git resolves other refs. */
async function trigger(services: Services, { project, commit, branch, deliveryId }: Delivery): Promise<TriggerOutcome> {
  const push = { project, cause: 'push', source: 'webhook', deliveryId } as const
  if (commit === undefined || !isFullCommit(commit)) return triggerBuild(services, { ...push, ref: commit ?? branch })
  const outcome = await services.farm.builds.request({ ...push, commit, of: { kind: 'branch', branch } })
  return triggerOutcome(outcome, commit, null)
}

import { readStandardDelivery, type StandardDelivery } from '@rumpfarm/connectors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Parts } from '../../parts.ts'
import { problem } from '../problems.ts'
import { publicUrlOf } from '../public-url.ts'
import { isFullCommit, type TriggerOutcome, triggerBuild, triggered } from '../trigger.ts'
import { answerTriggerRefusal } from '../trigger-refusal.ts'
import { bodyOf } from './raw.ts'

type Delivery = Extract<StandardDelivery, { kind: 'trigger' }>

/** Any program's signed word that something is to be built: standardwebhooks.com. */
export async function answerGeneric(parts: Parts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const delivery = readStandardDelivery(request.headers, bodyOf(request), [parts.config.secrets.webhook])
  switch (delivery.kind) {
    case 'bad-signature':
    case 'stale':
      return problem(reply, 'bad-signature', `${delivery.problem}; the farm's is in data/secrets/webhook`)
    case 'malformed':
      return problem(reply, 'malformed', `${delivery.where}: ${delivery.problem}`)
    case 'trigger':
      return answerOutcome(parts, request, reply, delivery)
  }
}

async function answerOutcome(parts: Parts, request: FastifyRequest, reply: FastifyReply, delivery: Delivery) {
  const { project } = delivery
  const outcome = await trigger(parts, delivery)
  if (outcome.kind !== 'built' && outcome.kind !== 'repeated') return answerTriggerRefusal(reply, project, outcome)
  if (outcome.buildId === null) return reply.send({ status: 'ignored', why: 'it was not built the first time' })
  const created = outcome.kind === 'built' && outcome.created
  const url = `${publicUrlOf(parts.config, request)}/builds/${outcome.buildId}`
  return reply.code(202).send({ builds: [{ id: outcome.buildId, project, url, created }] })
}

/** A full commit is taken at its word, in milliseconds, as a forge's is; any other word is git's to answer. */
async function trigger(parts: Parts, { project, commit, branch, deliveryId }: Delivery): Promise<TriggerOutcome> {
  const push = { project, source: 'webhook', deliveryId }
  if (commit === undefined || !isFullCommit(commit)) return triggerBuild(parts, { ...push, ref: commit ?? branch })
  return triggered(await parts.farm.receivePush({ ...push, commit, branch }), commit, null)
}

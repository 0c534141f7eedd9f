import { randomUUID } from 'node:crypto'
import type { api } from '@rumpfarm/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerProblem, triggerProblem } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { isFullCommit, type TriggerOutcome, triggerBuild } from '../../trigger/trigger-build.ts'
import { keyOf } from './repeatable.ts'

type TriggerRequest = FastifyRequest<{
  Params: { name: string }
  Body: api.TriggerBuild
}>

export async function answerTrigger(
  services: Services,
  request: TriggerRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const project = request.params.name
  const { ref, again, ...cells } = request.body
  const wanted = Object.keys(cells).length > 0 ? cells : undefined
  const trigger = {
    project,
    ref,
    again,
    wanted,
    cause: 'hand',
    source: 'api',
    deliveryId: keyOf(request) ?? randomUUID(),
  } as const
  const outcome = await triggerBuild(services, trigger)
  switch (outcome.kind) {
    case 'built':
      return answerBuilt(services, request, reply, outcome)
    case 'repeated':
      return answerRepeated(services, request, reply, outcome)
    default:
      return answerProblem(reply, triggerProblem(project, outcome))
  }
}

type Built = Extract<TriggerOutcome, { kind: 'built' }>
type Repeated = Extract<TriggerOutcome, { kind: 'repeated' }>

function answerBuilt({ config }: Services, request: TriggerRequest, reply: FastifyReply, built: Built): FastifyReply {
  const { buildId: id, commit, created, jobsAdded, warning } = built
  const url = `${publicUrlOf(config, request)}/builds/${id}`
  if (created) reply.code(201).header('location', `/api/v1/builds/${id}`)
  const hint = created || jobsAdded > 0 ? null : hintOf(id)
  return reply.send({ id, url, project: request.params.name, commit, created, jobsAdded, problem: warning, hint })
}

const hintOf = (id: number): string =>
  `the farm already built this commit with this recipe. To run its failed jobs again, POST /api/v1/builds/${id}/retry. To build it again, add "again": true`

/** Answers a repeated Idempotency-Key with the build of the first request, unless the request names another commit. */
async function answerRepeated(
  { farm, config }: Services,
  request: TriggerRequest,
  reply: FastifyReply,
  { buildId, commit }: Repeated,
): Promise<FastifyReply> {
  const build = buildId === null ? undefined : await farm.builds.find(buildId)
  // The server compares only full commits, because a branch may have moved since the first request.
  const other = build && build.commit !== commit && isFullCommit(request.body.ref ?? '')
  if (!build || other)
    return problem(reply, 'key-used-before', 'this Idempotency-Key was used for another commit: use a new key')
  const url = `${publicUrlOf(config, request)}/builds/${build.id}`
  const { id, project } = build
  return reply.send({ id, url, project, commit: build.commit, created: false, jobsAdded: 0, problem: null, hint: null })
}

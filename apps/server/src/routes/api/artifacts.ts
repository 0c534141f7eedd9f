import { api } from '@rumpfarm/contracts'
import { expiredWords } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { sendBytes } from '../../http/bytes.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { type FoundAttempt, findAttempt } from './find.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'
import type { Exchange } from './send-list.ts'

/** The routes for the files that jobs have uploaded. */
export const artifacts = (services: Services) => async (app: ApiInstance) => {
  const { farm } = services
  const schema = {
    tags: ['jobs'],
    headers: api.RangeHeaders,
    response: {
      200: octets('The artifact'),
      206: octets('The bytes of the range'),
      ...refusalsFor('unknown', 'expired', 'artifact-gone', 'artifact-expired', 'range-outside'),
    },
  }
  const answer = async (wanted: { id: number; number?: number }, name: string, to: Exchange) =>
    sendArtifact(services, await findAttempt(farm, wanted), name, to)
  const method = ['GET', 'HEAD'] as ['GET', 'HEAD']

  app.route({
    method,
    url: '/jobs/:id/artifacts/:name',
    schema: {
      ...schema,
      operationId: 'getArtifact',
      summary: 'Artifact of the newest attempt of a job; byte ranges',
      description:
        'The bytes as the host sent them, always as application/octet-stream. `ETag` is the SHA-256. A slash in the name can be `/` or `%2F`.',
      params: api.ArtifactParam,
    },
    handler: (request, reply) => answer(request.params, request.params.name, { request, reply }),
  })
  app.route({
    method,
    url: '/jobs/:id/attempts/:number/artifacts/:name',
    schema: {
      ...schema,
      operationId: 'getAttemptArtifact',
      summary: 'Artifact of one attempt; byte ranges',
      description: 'As `getArtifact`, but of the attempt that the address names.',
      params: api.AttemptArtifactParam,
    },
    handler: (request, reply) => answer(request.params, request.params.name, { request, reply }),
  })

  // The same routes for names with slashes, which OpenAPI cannot describe.
  const rest = (params: object) => (params as { '*': string })['*']
  app.route({
    method,
    url: '/jobs/:id/artifacts/*',
    schema: { hide: true, params: api.IdParam },
    handler: (request, reply) => answer(request.params, rest(request.params), { request, reply }),
  })
  app.route({
    method,
    url: '/jobs/:id/attempts/:number/artifacts/*',
    schema: { hide: true, params: api.AttemptParam },
    handler: (request, reply) => answer(request.params, rest(request.params), { request, reply }),
  })
}

const octets = (description: string) => ({
  description,
  content: { 'application/octet-stream': { schema: Type.Unsafe<unknown>({ type: 'string', format: 'binary' }) } },
})

async function sendArtifact(
  { farm }: Services,
  { job, attempt }: FoundAttempt,
  name: string,
  { request, reply }: Exchange,
): Promise<FastifyReply> {
  const jobId = job.id
  const artifact = attempt.artifacts.find(one => one.name === name)
  if (!artifact)
    return problem(
      reply,
      'unknown',
      `attempt ${attempt.attempt} has no artifact ${name}; ${reply.server.publicPath}/api/v1/jobs/${jobId} lists its artifacts`,
    )
  if (attempt.artifactsExpired) {
    const words = expiredWords(`${name} of attempt ${attempt.attempt}`, attempt.artifactsExpired)
    return problem(reply, 'artifact-expired', words)
  }
  const key = { jobId, number: attempt.number, name }
  if ((await farm.attempts.artifactSize(key)) < artifact.bytes)
    return problem(reply, 'artifact-gone', `the farm no longer has ${name} of attempt ${attempt.attempt}`)
  return sendBytes(request, reply, {
    what: 'artifact',
    size: artifact.bytes,
    growing: false,
    // An artifact can be hostile, so a browser must save it and not show it.
    type: 'application/octet-stream',
    disposition: `attachment; filename="${name.split('/').at(-1)}"`,
    etag: `"${artifact.sha256}"`,
    read: (start, end) => farm.attempts.readArtifact(key, start, end),
  })
}

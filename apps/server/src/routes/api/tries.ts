import { Readable } from 'node:stream'
import { api } from '@rumpfarm/contracts'
import type { TryView } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { requireTry } from '../../auth/plugin.ts'
import { answerProblem, tryProblem } from '../../http/problems/outcomes.ts'
import { problem, Refusal } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, forAdmins, noContent, refusalsFor } from './routes.ts'

/** The routes for tries: trees that people upload and the farm builds once. */
export const tries = (services: Services) => async (app: ApiInstance) => {
  const { farm, uploads, config } = services
  const common = { onRequest: requireTry, tags: ['tries'], security: forAdmins }
  // The bytes go to the disk as they arrive, so that they stay if the connection breaks.
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))

  const answer = async (request: FastifyRequest, found: TryView) => ({
    ...found,
    received: await uploads.received(found.id),
    url: found.buildId === null ? null : `${publicUrlOf(config, request)}/builds/${found.buildId}`,
  })
  const find = (request: FastifyRequest, id: string) => findTry(services, request, id)

  app.post(
    '/projects/:name/tries',
    {
      onRequest: common.onRequest,
      schema: {
        tags: common.tags,
        operationId: 'createTry',
        summary: 'Begin a try: a build of files that are not in the repository',
        description:
          'The next requests upload a tar.gz, and start the build. A request for a tree whose upload is not complete continues this upload. A try never changes the matrix.',
        security: common.security,
        params: api.NameParam,
        body: api.CreateTry,
        response: {
          200: api.ref(api.Try),
          201: api.ref(api.Try),
          ...refusalsFor('unknown-project', 'upload-too-large', 'too-many-tries', 'no-room-for-tries'),
        },
      },
    },
    async (request, reply) => {
      const { hosts, arches, variants, subject = 'uploaded tree', ...rest } = request.body
      const cells = Object.entries({ hosts, arches, variants }).filter(([, patterns]) => patterns !== undefined)
      const wanted = cells.length > 0 ? Object.fromEntries(cells) : undefined
      const token = request.allowedBy?.name ?? ''
      const outcome = await farm.tries.create(
        { ...rest, subject, project: request.params.name, token, wanted },
        { bytesMax: config.tryBytesMax, allBytesMax: config.triesBytesMax },
      )
      if (!('try' in outcome)) return answerProblem(reply, tryProblem(request.params.name, outcome))
      if (outcome.kind === 'created') reply.code(201).header('location', `/api/v1/tries/${outcome.try.id}`)
      return answer(request, outcome.try)
    },
  )

  app.get(
    '/tries/:id',
    {
      onRequest: common.onRequest,
      schema: {
        tags: common.tags,
        operationId: 'getTry',
        summary: 'A try, and how many bytes of it the farm has',
        description: 'Only for the token that began the try, and for administrators.',
        security: common.security,
        params: api.TryParam,
        response: { 200: api.ref(api.Try), ...refusalsFor('unknown') },
      },
    },
    async request => answer(request, await find(request, request.params.id)),
  )

  app.put(
    '/tries/:id/files',
    {
      onRequest: common.onRequest,
      schema: {
        tags: common.tags,
        operationId: 'uploadTryFiles',
        summary: 'Upload a part of the tar.gz',
        description: `The body is application/octet-stream: the bytes from \`offset\` on, as many as arrive within a minute. \`offset\` is at most \`received\` of the try. After a broken connection, the farm keeps the bytes that arrived: ask for \`received\`, and go on from there.`,
        security: common.security,
        params: api.TryParam,
        querystring: api.TryFilesQuery,
        consumes: ['application/octet-stream'],
        body: Type.Unsafe<unknown>({}),
        response: { 200: api.ref(api.Try), ...refusalsFor('unknown', 'wrong-offset', 'upload-too-large') },
      },
    },
    async (request, reply) => {
      const found = await find(request, request.params.id)
      if (found.buildId !== null) return answer(request, found)
      if (!(request.body instanceof Readable))
        throw new Refusal('unsupported-type', 'send the bytes as application/octet-stream')
      const { kind, received } = await uploads.append(found.id, request.query.offset ?? 0, request.body, found.bytes)
      if (kind === 'appended') return answer(request, found)
      if (kind === 'wrong-offset')
        return problem(reply, 'wrong-offset', `the farm has ${received} bytes of this upload: go on from there`)
      const detail = `the try was announced with ${found.bytes} bytes, and more arrived: begin another try`
      return problem(reply, 'upload-too-large', detail)
    },
  )

  app.post(
    '/tries/:id/start',
    {
      onRequest: common.onRequest,
      schema: {
        tags: common.tags,
        operationId: 'startTry',
        summary: 'Check the uploaded files, and build them',
        description:
          'The farm compares the SHA-256, and reads the whole tar.gz. A repeated request finds the same build.',
        security: common.security,
        params: api.TryParam,
        body: api.Nothing,
        response: {
          200: api.ref(api.Try),
          ...refusalsFor('unknown', 'upload-incomplete', 'upload-wrong', 'no-such-cell'),
        },
      },
    },
    async (request, reply) => {
      const found = await find(request, request.params.id)
      return (await start(services, found, reply)) ?? answer(request, await find(request, found.id))
    },
  )

  app.delete(
    '/tries/:id',
    {
      onRequest: common.onRequest,
      schema: {
        tags: common.tags,
        operationId: 'cancelTry',
        summary: 'Cancel the jobs of a try, and delete its files',
        description: 'A second request also succeeds while the farm knows the try.',
        security: common.security,
        params: api.TryParam,
        response: { 204: noContent('The try is cancelled'), ...refusalsFor('unknown') },
      },
    },
    async (request, reply) => {
      const found = await find(request, request.params.id)
      await farm.tries.cancel(found.id)
      return reply.code(204).send()
    },
  )
}

/** Only its own token and administrators see a try. */
async function findTry({ farm }: Services, { allowedBy }: FastifyRequest, id: string): Promise<TryView> {
  const found = await farm.tries.find(id)
  if (found && (found.token === allowedBy?.name || allowedBy?.scope === 'admin')) return found
  throw new Refusal('unknown', `there is no try ${id}, or its files are deleted, or it belongs to another token`)
}

/** Starts the build. Returns the answer if this is not possible. */
async function start(
  { farm, uploads }: Services,
  { id, bytes, sha256, buildId, project }: TryView,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (buildId !== null) return undefined
  const checked = await uploads.check(id, { bytes, sha256 })
  if (checked.kind === 'incomplete')
    return problem(reply, 'upload-incomplete', `the farm has ${checked.received} of ${bytes} bytes: upload the rest`)
  if (checked.kind === 'wrong')
    return problem(reply, 'upload-wrong', `the farm cannot use the upload: ${checked.problem}. Upload all of it again`)
  const outcome = await farm.tries.start(id)
  return outcome.kind === 'started' ? undefined : answerProblem(reply, tryProblem(project, outcome))
}

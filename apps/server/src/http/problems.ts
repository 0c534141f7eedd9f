import { isGivenUp, isObjectGone, isOwnDoing, isStorageAway, isStorageFull } from '@rumpfarm/farm'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../services.ts'
import { withTimeout } from '../timeout.ts'
import { type ProblemKind, problemKinds } from './problems/kinds.ts'
import { mistakes, sentence, type Wrong } from './problems/mistakes.ts'
import { problem, Refusal, sentenceOf } from './problems/problem.ts'

export { type ProblemKind, problem, problemKinds, Refusal, sentenceOf }

/** Makes a plugin answer errors with problems (RFC 9457). The message about a too large body names `bodyBytesMax`. */
export function answerWithProblems(app: FastifyInstance, { farm }: Pick<Services, 'farm'>, bodyBytesMax: number): void {
  app.setErrorHandler((error: FastifyError, request, reply) =>
    error.statusCode === 413
      ? problem(reply, 'body-too-large', `a body can have at most ${bodyBytesMax} bytes here; nothing was stored`)
      : answerError(farm, error, request, reply),
  )
}

/**
 * Answers requests to unknown addresses of this plugin, and does not read their bodies. Call it after `limitRates`, so
 * that the limit counts these requests too.
 */
export function answerUnknownAddresses(app: FastifyInstance): void {
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const path = app.publicPath + request.url.split('?')[0]
    const allowed = allowMethods(request, reply)
    if (allowed.length > 0) return answerWrongMethod(request, reply, allowed)
    return problem(reply, 'no-such-page', `there is no ${request.method} ${path}; see ${app.publicPath}/api/v1/docs`)
  }
  app.setNotFoundHandler(answer) // without this, the plugin's hooks would not run for unknown addresses
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return answer(request, reply)
  })
}

/** Sets the header Allow if the path exists with other methods, and returns these methods. */
export function allowMethods({ server, url }: FastifyRequest, reply: FastifyReply): string[] {
  const methods = server.methodsAt(url)
  if (methods.length > 0) reply.header('allow', methods.join(', '))
  return methods
}

/** A request with OPTIONS only asks for the methods. */
export function answerWrongMethod(request: FastifyRequest, reply: FastifyReply, allowed: string[]): FastifyReply {
  if (request.method === 'OPTIONS') return reply.code(204).send()
  return problem(reply, 'wrong-method', wrongMethod(request, allowed))
}

export const wrongMethod = ({ method, url, server }: FastifyRequest, allowed: readonly string[]): string =>
  `${server.publicPath}${url.split('?')[0]} does not accept ${method}; it accepts ${allowed.join(', ')}`

/** Answers refusals with problems, and leaves other errors to the parent's error handler. */
export const answerRefusals = (app: FastifyInstance) =>
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refusal) return refused(reply, error)
    throw error
  })

async function answerError(
  farm: Pick<Services['farm'], 'ping'>,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (error instanceof Refusal) return refused(reply, error)
  if (error.validation) return invalid(reply, error)
  const kind = kindOfStatus[error.statusCode ?? 500]
  if (kind) return problem(reply, kind, error.message)
  if (isOwnDoing(error)) return problem(reply.header('retry-after', '2'), 'too-many-requests', tooManyQueries)
  if (isGivenUp(error) && isRead(request))
    return problem(reply.header('retry-after', '10'), 'took-too-long', tookTooLong)
  request.log.error({ err: error, url: request.url }, 'a request failed')
  if (isStorageFull(error)) return problem(reply.header('retry-after', '60'), 'storage-full', storageFull)
  if (isStorageAway(error)) return problem(reply.header('retry-after', '10'), 'unavailable', storageAway)
  if (isObjectGone(error)) return gone(request, reply)
  if (!isGivenUp(error) && (await answersSoon(farm)))
    return problem(
      reply,
      'defect',
      'the request failed because of an error in the server; the log of the server has the details',
    )
  reply.header('retry-after', '5')
  return problem(
    reply,
    'unavailable',
    'the database does not answer, and this request may not have been processed: try again',
  )
}

/** The headers of the answer can already describe the bytes that are gone. */
function gone({ routeOptions }: FastifyRequest, reply: FastifyReply): FastifyReply {
  for (const header of ['content-encoding', 'content-disposition', 'content-range', 'etag', 'cache-control'])
    reply.removeHeader(header)
  const isLog = routeOptions.url?.includes('/log') ?? false
  return problem(reply, isLog ? 'log-gone' : 'artifact-gone', storedGone)
}

export const storedGone = 'the bucket of the farm no longer has these bytes'

/** After a timeout, the farm does not know whether the database has made a change. */
export const isRead = ({ method }: FastifyRequest): boolean => ['GET', 'HEAD'].includes(method)

function refused(reply: FastifyReply, { kind, message, details, retryAfterSeconds }: Refusal): FastifyReply {
  if (problemKinds[kind][0] === 401) reply.header('www-authenticate', 'Bearer realm="rumpfarm"')
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  return problem(reply, kind, message, details)
}

export const tookTooLong =
  'the database did not answer within three seconds, or there are too many requests: try again later, or request less'
export const tooManyQueries =
  'too many queries of this address, session or token run at the same time: wait until they have ended, and repeat'
export const storageAway = 'the bucket of the farm does not answer now: try again later'
export const storageFull = 'the disk of the farm is full, and nothing was stored: the operator must free some space'

/** Fastify's own errors: a malformed body, an unsupported type of body, too many requests. */
const kindOfStatus: Partial<Record<number, ProblemKind>> = {
  400: 'malformed',
  415: 'unsupported-type',
  429: 'too-many-requests',
}

function invalid(reply: FastifyReply, { validation, validationContext }: FastifyError): FastifyReply {
  const part = validationContext === 'querystring' ? 'query' : (validationContext ?? 'body')
  const errors = mistakes(part, validation as Wrong[])
  return problem(reply, 'invalid', errors.map(sentence).join('; '), {
    errors: errors.map(({ kind: _, ...error }) => error),
  })
}

const pingMsMax = 1_500

/** True if the database answers now. If so, an unexpected error is a defect of the server. */
const answersSoon = (farm: Pick<Services['farm'], 'ping'>): Promise<boolean> =>
  withTimeout(pingMsMax, farm.ping()).then(
    () => true,
    () => false,
  )

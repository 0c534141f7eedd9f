import { isWireName, lineValue, parseAttemptName, type WireLine } from '@rumpfarm/contracts'
import { type EnrollOutcome, isStorageFull, tooOld } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { withFarmAddress } from '../../agent-release/agent-files.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import { type Count, limitRates, openCount, rareRequestsPerMinuteMax } from '../../http/rate-limits.ts'
import type { Services, SignedEndpoint } from '../../services.ts'
import { err, ok } from './answers.ts'
import { type Bearer, bearers } from './bearer.ts'
import { takePieces } from './body-pieces.ts'
import { answerClaim, type ClaimRequest, waitSecondsMax } from './claim.ts'
import { readGreeting, readIntroduction } from './host-facts.ts'
import { answerArtifact, answerFinish, answerProgress, type Message, type Query } from './messages.ts'
import { textLines } from './offer-lines.ts'
import { requireSignatures } from './signed.ts'
import { sendSource } from './sources.ts'
import { updateLines } from './update-lines.ts'

/**
 * Log bytes that an agent is told to send at most in one request. Starting curl takes some 12 ms: with 64 KiB a log came in
 * at 3 MB/s, with 1 MiB at 30. A quarter still fits twice into a body, for agents that send hexadecimal.
 */
const chunkBytes = 256 * 1024
/** A chunk in hexadecimal, and room for agents that read the disk in larger blocks. */
const bodyBytesMax = 1024 * 1024

declare module 'fastify' {
  interface FastifyRequest {
    bearer: Bearer
  }
}

type AttemptRequest = FastifyRequest<{ Params: { attempt: string; number: string }; Querystring: Query }>

/** The hosts' plugin: docs/agent-protocol.md, word for word. */
export const agentPlugin = (services: Services) => async (app: FastifyInstance) => {
  const publicUrl = (request: FastifyRequest) => publicUrlOf(services.config, request)
  await serveScripts(app, {
    '/agent.sh': async request => withFarmAddress((await services.agentRelease()).bytes, publicUrl(request)),
    '/agent-readable.sh': async request =>
      withFarmAddress((await services.agentRelease()).readable, publicUrl(request)),
  })
  const bearerOf = bearers(services.farm.hosts, services.bus)
  const identity: Identity = {
    publicUrl,
    watch: () => {},
    known: 'onRequest',
    bearerOf: request => bearerOf(request.headers.authorization),
    invitationOf: (_request, lines) => lineValue(lines, 'token'),
  }
  await app.register(protocol(services, identity), { prefix: '/agent' })
}

/** The same plugin for hosts without TLS 1.2, on a port of its own: only signed requests. */
export const signedPlugin = (services: Services, way: SignedEndpoint) => async (app: FastifyInstance) => {
  await serveScripts(app, { '/agent.sh': () => way.script() })
  const identity: Identity = {
    publicUrl: () => services.config.publicUrl ?? '', // never what a request calls the farm: that is not signed
    watch: (app, countStranger) => requireSignatures(app, services, countStranger),
    known: 'preHandler',
    bearerOf: async request => request.signed?.signer.host,
    invitationOf: request => request.signed?.signer.invitation?.token,
  }
  await app.register(protocol(services, identity), { prefix: '/agent' })
}

/** How this plugin knows who asks. */
interface Identity {
  publicUrl(request: FastifyRequest): string
  /** Sees every request before the routes do. */
  watch(app: FastifyInstance, countStranger: Count): void
  /** When it can tell. */
  known: 'onRequest' | 'preHandler'
  bearerOf(request: FastifyRequest): Promise<Bearer | undefined>
  /** The token of an enrolment. */
  invitationOf(request: FastifyRequest, lines: [string, string][]): string | undefined
}

async function serveScripts(
  app: FastifyInstance,
  scripts: Record<string, (request: FastifyRequest) => Promise<string>>,
): Promise<void> {
  await app.register(async scope => {
    await limitRates(scope)
    scope.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      if (error.statusCode === 429) return reply.code(429).type('text/plain; charset=utf-8').send(`${error.message}\n`)
      request.log.error({ err: error }, 'the agent could not be sent')
      return reply.code(503).type('text/plain; charset=utf-8').send('the farm cannot send its agent now\n')
    })
    for (const [path, script] of Object.entries(scripts))
      scope.get(path, async (request, reply) => {
        const text = await script(request)
        return reply.type('text/x-shellscript; charset=utf-8').header('cache-control', 'no-cache').send(text)
      })
  })
}

const protocol = (services: Services, identity: Identity) => async (app: FastifyInstance) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) =>
    done(null, body),
  )
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error.statusCode === 413) return err(reply, 413, `a body is at most ${bodyBytesMax} bytes`)
    if (error.statusCode === 429)
      return err(reply, 429, error.message, [['retry', Number(reply.getHeader('retry-after'))]])
    if (error.statusCode !== undefined && error.statusCode < 500) return err(reply, 400, error.message)
    request.log.error({ err: error }, 'a host could not be answered')
    if (isStorageFull(error)) return err(reply, 503, 'the disk of the farm is full', [['retry', 30]])
    return err(reply, 503, 'the farm cannot answer now', [['retry', 5]])
  })
  // Only what no known host sends: a host with the right credential is never limited, also when others share its address.
  const countStranger = await openCount(app, rareRequestsPerMinuteMax, 'requests without a known credential')
  app.setNotFoundHandler(async (request, reply) => {
    await countStranger(request, reply)
    return err(reply, 404, `there is no ${request.method} ${request.url.split('?')[0]}; see docs/agent-protocol.md`)
  })
  identity.watch(app, countStranger)
  await app.register(
    async enrolment => {
      await limitRates(enrolment, rareRequestsPerMinuteMax)
      enrolment.post('/enroll', (request, reply) => enroll(services, identity, request, reply))
    },
    { prefix: '/v1' },
  )
  await app.register(forKnownHosts(services, identity, countStranger), { prefix: '/v1' })
}

const forKnownHosts =
  (services: Services, identity: Identity, countStranger: Count) => async (app: FastifyInstance) => {
    app.decorateRequest('bearer', null as never)
    app.addHook(identity.known, async (request: FastifyRequest, reply: FastifyReply) => {
      const bearer = await identity.bearerOf(request)
      if (!bearer) {
        await countStranger(request, reply)
        return unknownCredential(reply)
      }
      request.bearer = bearer
    })
    app.get('/agent', async (_request, reply) => {
      const { bytes } = await services.agentRelease()
      return reply
        .code(200)
        .type('text/x-shellscript; charset=utf-8')
        .header('content-length', bytes.length)
        .send(bytes)
    })
    app.post('/service', async (_request, reply) => ok(reply, textLines(await services.serviceScript())))
    app.post('/hello', (request, reply) => hello(services, request, reply))
    app.post('/claim', (request, reply) => {
      const context = { hostId: request.bearer.id, publicUrl: identity.publicUrl(request) }
      return answerClaim(services, request as ClaimRequest, reply, context)
    })
    app.post('/bye', async (request, reply) => {
      await services.farm.hosts.bye(request.bearer.id, (request.query as Query).instance ?? '')
      return ok(reply)
    })
    app.get('/attempts/:attempt/sources/:number', (request: AttemptRequest, reply) => {
      const attempt = parseAttemptName(request.params.attempt)
      if (!attempt) return noSuchAttempt(reply)
      const { lease } = request.query
      return sendSource(services, { attempt, hostId: request.bearer.id, lease, number: request.params.number }, reply)
    })
    await app.register(async logs => {
      takePieces(logs, bodyBytesMax)
      logs.post('/attempts/:attempt/progress', (request: AttemptRequest, reply) => {
        const message = messageOf<Buffer[]>(request, [])
        return message ? answerProgress(services, message, reply) : noSuchAttempt(reply)
      })
      logs.post('/attempts/:attempt/artifacts/*', (request: AttemptRequest, reply) => {
        const message = messageOf<Buffer[]>(request, [])
        const name = (request.params as { '*'?: string })['*'] ?? ''
        return message ? answerArtifact(services, { ...message, artifact: name }, reply) : noSuchAttempt(reply)
      })
    })
    app.post('/attempts/:attempt/finish', (request: AttemptRequest, reply) => {
      const message = messageOf(request, Buffer.alloc(0))
      return message ? answerFinish(services, message, reply) : noSuchAttempt(reply)
    })
  }

const unknownCredential = (reply: FastifyReply) =>
  err(reply, 401, 'this credential is not known to the farm: it was withdrawn, or this is another farm')

/** Empty when the request had no body. */
const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))

const noSuchAttempt = (reply: FastifyReply) => err(reply, 404, 'this host has no such attempt')

function messageOf<Body>(request: AttemptRequest, nothing: Body): Message<Body> | undefined {
  const name = request.params.attempt
  const attempt = parseAttemptName(name)
  const body = (request.body as Body | undefined) ?? nothing
  return attempt && { attempt, name, hostId: request.bearer.id, query: request.query, body }
}

async function enroll(
  { farm }: Services,
  { invitationOf }: Identity,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const read = readIntroduction(bodyOf(request))
  if (read.kind === 'problem') return err(reply, 400, read.problem)
  const { lines, facts, version } = read.value
  const token = invitationOf(request, lines) ?? ''
  const nonce = lineValue(lines, 'nonce') ?? ''
  if (!isWireName(token) || !isWireName(nonce)) return err(reply, 400, 'the lines "token" and "nonce" are needed')
  const poll = waitSecondsMax(farm.settings.leaseSeconds)
  const signed = request.signed !== undefined
  return enrolled(reply, await farm.hosts.enroll({ token, nonce, version, facts, signed }), poll)
}

function enrolled(reply: FastifyReply, outcome: EnrollOutcome, poll: number): FastifyReply {
  const again = 'ask the farm for a new line'
  switch (outcome.kind) {
    case 'enrolled': {
      const { hostName, credential, arch } = outcome
      return ok(reply, [
        ['host', hostName],
        ...(credential === undefined ? [] : [['credential', credential] as const]),
        ['arch', arch],
        ['poll', poll],
      ])
    }
    case 'unknown-invitation':
      return err(reply, 401, `this invitation is not known to the farm: ${again}`)
    case 'expired':
      return err(reply, 410, `this invitation expired at ${outcome.at.toISOString()}: ${again}`)
    case 'used':
      return err(
        reply,
        409,
        `this invitation was used at ${outcome.at.toISOString()} to enrol ${outcome.hostName}: ${again}`,
      )
    case 'name-taken':
      return err(
        reply,
        409,
        `another host has the name ${outcome.hostName} since ${outcome.at.toISOString()}: ${again} with another name`,
      )
  }
}

async function hello(
  { farm, agentRelease }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const read = readIntroduction(bodyOf(request))
  if (read.kind === 'problem') return err(reply, 400, read.problem)
  const greeting = readGreeting(read.value.lines)
  if (greeting.kind === 'problem') return err(reply, 400, greeting.problem)
  const { version, facts } = read.value
  const outcome = await farm.hosts.hello({ hostId: request.bearer.id, version, facts, ...greeting.value })
  if (outcome.kind === 'removed') return unknownCredential(reply)
  if (outcome.kind === 'other-instance') {
    const heard = outcome.lastSeenAt.toISOString()
    return err(reply, 409, `another agent runs as ${request.bearer.name} (heard at ${heard}): stop one of them`)
  }
  const { leaseSeconds, agentVersionMin } = farm.settings
  const lines: WireLine[] = [
    ['host', request.bearer.name],
    ['poll', waitSecondsMax(leaseSeconds)],
    ['lease', leaseSeconds],
    ['chunk', chunkBytes],
    ...updateLines(await agentRelease(), version),
  ]
  const words = tooOld(version, agentVersionMin)
  return words === null ? ok(reply, lines) : err(reply, 426, words, lines)
}

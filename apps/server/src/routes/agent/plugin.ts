import { lineValue, parseAttemptName } from '@rumpfarm/contracts'
import { isGivenUp } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { withFarmAddress } from '../../agent-release/agent-files.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import { type Count, limitRates, openCount, rareRequestsPerMinuteMax } from '../../http/rate-limits.ts'
import type { Services, SignedEndpoint } from '../../services.ts'
import { err, notStored, ok, unknownAttempt, unknownCredential } from './answers.ts'
import { answerArtifact } from './artifact.ts'
import { type AttemptRequest, type Query, readAttemptMessage } from './attempt-message.ts'
import { type Bearer, bearers } from './bearer.ts'
import { parseBodiesAsPieces } from './body-pieces.ts'
import { answerClaim, type ClaimRequest } from './claim.ts'
import { answerEnroll, type InvitationOf } from './enroll.ts'
import { answerFinish } from './finish.ts'
import { answerHello } from './hello.ts'
import { textLines } from './offer-lines.ts'
import { answerProgress } from './progress.ts'
import { requireSignatures } from './signed.ts'
import { sendSource } from './sources.ts'

/** Large enough for a chunk in hexadecimal, and for agents that read the log in blocks larger than a chunk. */
const bodyBytesMax = 1024 * 1024

declare module 'fastify' {
  interface FastifyRequest {
    bearer: Bearer
  }
  interface FastifyContextConfig {
    /** The route checks `bearer.unchecked` itself. */
    checksCredential?: boolean
  }
}

/** The agent protocol, as docs/agent-protocol.md describes it. */
export const agentPlugin = (services: Services) => async (app: FastifyInstance) => {
  const publicUrl = (request: FastifyRequest) => publicUrlOf(services.config, request)
  await serveScript(app, async request => withFarmAddress((await services.agentRelease()).bytes, publicUrl(request)))
  const hosts = bearers(services.farm.hosts, services.bus)
  const identity: Identity = {
    publicUrl,
    addChecks: () => {},
    knownFrom: 'onRequest',
    bearerOf: request => hosts.find(request.headers.authorization),
    remembered: request => hosts.remembered(request.headers.authorization),
    forget: request => hosts.forget(request.headers.authorization),
    invitationOf: (_request, lines) => lineValue(lines, 'token'),
  }
  await app.register(protocol(services, identity), { prefix: '/agent' })
}

/** The agent protocol with signed requests, for hosts without TLS 1.2. It has a separate port. */
export const signedPlugin = (services: Services, endpoint: SignedEndpoint) => async (app: FastifyInstance) => {
  await serveScript(app, () => endpoint.script())
  const identity: Identity = {
    publicUrl: () => services.config.publicUrl ?? '', // never the Host header, because no signature covers this header
    addChecks: (app, countUnknown) => requireSignatures(app, services, countUnknown),
    knownFrom: 'preHandler',
    bearerOf: async request => request.signed?.signer.host,
    remembered: () => undefined,
    forget: () => {},
    invitationOf: request => request.signed?.signer.invitation?.token,
  }
  await app.register(protocol(services, identity), { prefix: '/agent' })
}

/** Finds the host that sends a request, by the credential or by the signature of the request. */
interface Identity {
  publicUrl(request: FastifyRequest): string
  /** Adds hooks that run before the routes. */
  addChecks(app: FastifyInstance, countUnknown: Count): void
  /**
   * The first hook that can call `bearerOf`. For signed requests, it is `preHandler`, because the signature also covers
   * the body.
   */
  knownFrom: 'onRequest' | 'preHandler'
  bearerOf(request: FastifyRequest): Promise<Bearer | undefined>
  /** The host that sent the request, if its credential is still the same. The route must check this. */
  remembered(request: FastifyRequest): Bearer | undefined
  forget(request: FastifyRequest): void
  invitationOf: InvitationOf
}

async function serveScript(app: FastifyInstance, script: (request: FastifyRequest) => Promise<string>): Promise<void> {
  await app.register(async scope => {
    await limitRates(scope, 'agent-script')
    scope.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      if (error.statusCode === 429) return reply.code(429).type('text/plain; charset=utf-8').send(`${error.message}\n`)
      request.log.error({ err: error }, 'the agent could not be sent')
      return reply.code(503).type('text/plain; charset=utf-8').send('the farm cannot send its agent now\n')
    })
    scope.get('/agent.sh', async (request, reply) => {
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
    if (error.statusCode === 413) return err(reply, 413, `a body can have at most ${bodyBytesMax} bytes`)
    if (error.statusCode === 429)
      return err(reply, 429, error.message, [['retry', Number(reply.getHeader('retry-after'))]])
    if (error.statusCode !== undefined && error.statusCode < 500) return err(reply, 400, error.message)
    request.log.error({ err: error }, 'a request of a host failed')
    const answered = notStored(reply, error)
    if (answered) return answered
    const why = isGivenUp(error) ? 'the database of the farm does not answer' : 'the farm cannot answer now'
    return err(reply, 503, why, [['retry', 5]])
  })
  // The limit counts only requests without a known credential. So a host keeps working even if other clients at its
  // address reach the limit.
  const countUnknown = await openCount(app, 'agents', rareRequestsPerMinuteMax, 'requests without a known credential')
  app.setNotFoundHandler(async (request, reply) => {
    await countUnknown(request, reply)
    return err(reply, 404, `there is no ${request.method} ${request.url.split('?')[0]}; see docs/agent-protocol.md`)
  })
  identity.addChecks(app, countUnknown)
  await app.register(
    async enrolment => {
      await limitRates(enrolment, 'enrolment', rareRequestsPerMinuteMax)
      enrolment.post('/enroll', (request, reply) => answerEnroll(services, identity.invitationOf, request, reply))
    },
    { prefix: '/v1' },
  )
  await app.register(forKnownHosts(services, identity, countUnknown), { prefix: '/v1' })
}

const forKnownHosts = (services: Services, identity: Identity, countUnknown: Count) => async (app: FastifyInstance) => {
  app.decorateRequest('bearer', null as never)
  /** Answers the request if no host has its credential. */
  const find = async (request: FastifyRequest, reply: FastifyReply) => {
    const bearer = await identity.bearerOf(request)
    if (bearer) return bearer
    await countUnknown(request, reply)
    unknownCredential(reply)
    return undefined
  }
  app.addHook(identity.knownFrom, async (request: FastifyRequest, reply: FastifyReply) => {
    const remembered = request.routeOptions.config.checksCredential ? identity.remembered(request) : undefined
    const bearer = remembered ?? (await find(request, reply))
    if (!bearer) return reply
    request.bearer = bearer
  })
  app.get('/agent', async (_request, reply) => {
    const { bytes } = await services.agentRelease()
    return reply.code(200).type('text/x-shellscript; charset=utf-8').header('content-length', bytes.length).send(bytes)
  })
  app.post('/service', async (_request, reply) => ok(reply, textLines(await services.serviceScript())))
  app.post('/hello', (request, reply) => answerHello(services, request, reply))
  app.post('/claim', { config: { checksCredential: true } }, (request, reply) => {
    const findAgain = () => {
      identity.forget(request)
      return find(request, reply)
    }
    const claimant = { bearer: request.bearer, publicUrl: () => identity.publicUrl(request), findAgain }
    return answerClaim(services, request as ClaimRequest, reply, claimant)
  })
  app.post('/bye', async (request, reply) => {
    await services.farm.hosts.bye(request.bearer.id, (request.query as Query).instance ?? '')
    return ok(reply)
  })
  app.get('/attempts/:attempt/sources/:number', (request: AttemptRequest, reply) => {
    const attempt = parseAttemptName(request.params.attempt)
    if (!attempt) return unknownAttempt(reply)
    const { lease } = request.query
    return sendSource(services, { attempt, hostId: request.bearer.id, lease, number: request.params.number }, reply)
  })
  await app.register(async logs => {
    parseBodiesAsPieces(logs, bodyBytesMax)
    logs.post('/attempts/:attempt/progress', (request: AttemptRequest, reply) => {
      const message = readAttemptMessage<Buffer[]>(request, [])
      return message ? answerProgress(services, message, reply) : unknownAttempt(reply)
    })
    logs.post('/attempts/:attempt/artifacts/*', (request: AttemptRequest, reply) => {
      const message = readAttemptMessage<Buffer[]>(request, [])
      const name = (request.params as { '*'?: string })['*'] ?? ''
      return message ? answerArtifact(services, message, name, reply) : unknownAttempt(reply)
    })
  })
  app.post('/attempts/:attempt/finish', (request: AttemptRequest, reply) => {
    const message = readAttemptMessage(request, Buffer.alloc(0))
    return message ? answerFinish(services, message, reply) : unknownAttempt(reply)
  })
}

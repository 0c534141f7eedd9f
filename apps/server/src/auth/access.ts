import { createHmac, timingSafeEqual } from 'node:crypto'
import { identifyReader, type TokenBearer, type TokenScope } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from '../http/problems/problem.ts'
import type { Services } from '../services.ts'

export const sessionCookie = 'rumpfarm_session'

export type Visitor =
  | { kind: 'anyone' }
  /** `token`: the token that created the session. */
  | { kind: 'administrator'; session: string; csrf: string; token: TokenBearer }

export interface Access {
  visitorOf(request: FastifyRequest): Promise<Visitor>
  /**
   * Returns the token that allows this request: the token in the request, or the token that created its session. Throws
   * a refusal if no token allows the request.
   */
  require(request: FastifyRequest, scope: TokenScope): Promise<TokenBearer>
}

const anyone: Visitor = { kind: 'anyone' }

export function openAccess({ farm, config }: Services): Access {
  // The form token is derived from the session. So the farm stores nothing, and can refuse a form of another session.
  // The cookie's SameSite=Lax is not enough, because it allows forms from another host name of the same site.
  const csrfOf = (session: string) =>
    createHmac('sha256', config.secrets.server).update(`csrf ${session}`).digest('base64url')

  return {
    async visitorOf({ cookies }) {
      const session = cookies?.[sessionCookie]
      const token = session ? await farm.access.findSession(session) : undefined
      if (!session || !token) return anyone
      identifyReader(`session ${session}`)
      return { kind: 'administrator', session, csrf: csrfOf(session), token }
    },
    async require(request, scope) {
      const token = bearerToken(request)
      if (token !== undefined) {
        const bearer = admit(await farm.access.findToken(token), scope)
        identifyReader(`token ${bearer.name}`)
        return bearer
      }
      const { visitor } = request
      if (visitor.kind === 'anyone') throw new Refusal('not-signed-in', signInAdvice)
      if (!same(sentCsrf(request), visitor.csrf)) throw new Refusal('form-expired', expiredForm)
      return visitor.token
    },
  }
}

const signInAdvice =
  'send "Authorization: Bearer TOKEN" with a token of the farm (./farm token create NAME makes one), or sign in'
const expiredForm = 'this form belongs to another session: load the page again and repeat'

const bearerToken = ({ headers }: FastifyRequest): string | undefined =>
  headers.authorization === undefined ? undefined : (/^Bearer +(\S+)$/i.exec(headers.authorization)?.[1] ?? '')

const mayOnly = { trigger: 'start builds', try: 'build uploaded trees' }

function admit(bearer: TokenBearer | undefined, scope: TokenScope): TokenBearer {
  if (!bearer) throw new Refusal('not-signed-in', 'the farm does not know this token, or it was revoked')
  if (bearer.scope === 'admin' || bearer.scope === scope) return bearer
  const needed = scope === 'admin' ? 'the scope admin' : `the scope ${scope} or admin`
  throw new Refusal(
    'not-allowed',
    `the token ${bearer.name} may only ${mayOnly[bearer.scope]}; this request needs ${needed}`,
  )
}

const sentCsrf = ({ headers, body }: FastifyRequest): unknown =>
  headers['x-csrf-token'] ?? (body as { _csrf?: unknown } | null | undefined)?._csrf

/** Compares the lengths in bytes first, because `timingSafeEqual` throws for buffers of different lengths. */
function same(sent: unknown, wanted: string): boolean {
  const [one, other] = [Buffer.from(typeof sent === 'string' ? sent : ''), Buffer.from(wanted)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** Finds the visitor of each request. Call it after `limitRates`, because even a wrong session costs a query. */
export function identifyVisitors(app: FastifyInstance): void {
  app.addHook('onRequest', async request => {
    request.visitor = await app.access.visitorOf(request)
  })
}

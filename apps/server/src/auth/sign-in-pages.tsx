import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ComponentChildren } from 'preact'
import { acceptForms } from '../http/html-forms.ts'
import { problemKinds } from '../http/problems.ts'
import { publicUrlOf } from '../http/public-url.ts'
import { limitRates, rareRequestsPerMinuteMax } from '../http/rate-limits.ts'
import { segment } from '../routes/dashboard/components/html.ts'
import { contentPolicy, drawPage, strangersVisit } from '../routes/dashboard/components/layout.tsx'
import { Form } from '../routes/dashboard/components/links.tsx'
import type { Services } from '../services.ts'
import { knowVisitors, sessionCookie } from './access.ts'

type LoginRequest = FastifyRequest<{ Params: { token: string } }>

/**
 * The two pages of a login link. Asking for the link changes nothing, since mail programs, chats and browsers look at
 * links before people do; the button on its page uses it up. It needs no JavaScript: w3m does it, too.
 */
export const loginPages = (services: Services) => async (app: FastifyInstance) => {
  const { farm, config } = services
  acceptForms(app)
  await limitRates(app, rareRequestsPerMinuteMax)
  knowVisitors(app)
  const cookieOptions = (request: FastifyRequest): CookieSerializeOptions => ({
    path: config.publicPath || '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: publicUrlOf(config, request).startsWith('https:'),
  })

  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 503
    if (status >= 500) request.log.error({ err: error }, 'nobody could be signed in or out')
    const words = status >= 500 ? 'The database does not answer; try again in a moment.' : error.message
    return page(reply.code(status), 'That did not work', <p>{words}</p>)
  })

  app.get('/login/:token', async ({ params }: LoginRequest, reply) =>
    page(reply, 'Sign in', <AskPage token={params.token} />),
  )
  app.post('/login/:token', async (request: LoginRequest, reply) => {
    const outcome = await farm.access.logIn(request.params.token)
    if (outcome.kind !== 'logged-in') return page(reply.code(problemKinds[outcome.kind][0]), 'Sign in', notValidPage)
    const options = { ...cookieOptions(request), maxAge: outcome.seconds }
    return reply.setCookie(sessionCookie, outcome.session, options).redirect('/', 303)
  })
  app.post('/logout', async (request, reply) => {
    const { visitor, cookies } = request
    if (cookies[sessionCookie] === undefined) return reply.redirect('/', 303)
    if (visitor.kind === 'administrator') {
      await request.server.access.require(request, 'admin')
      await farm.access.logOut(visitor.session)
    }
    return reply.clearCookie(sessionCookie, cookieOptions(request)).redirect('/', 303)
  })
}

const AskPage = ({ token }: { token: string }) => (
  <>
    <p>This link signs this browser in as an administrator of the farm. It works once.</p>
    <Form to={`/login/${segment(token)}`}>
      <button type="submit">Sign in</button>
    </Form>
  </>
)

const notValidPage = (
  <>
    <p>This link is not valid: it was used, or it is more than ten minutes old. Make another one with</p>
    <pre>./farm admin</pre>
  </>
)

function page(reply: FastifyReply, title: string, body: ComponentChildren): FastifyReply {
  const children = (
    <>
      <h1>{title}</h1>
      {body}
    </>
  )
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('content-security-policy', contentPolicy)
    .header('referrer-policy', 'no-referrer') // the address is a secret until it is used
    .header('x-robots-tag', 'noindex')
    .send(drawPage({ title, visit: strangersVisit('/login', reply.server.publicPath), children }))
}

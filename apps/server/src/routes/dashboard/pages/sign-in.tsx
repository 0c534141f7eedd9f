import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ComponentChildren } from 'preact'
import { knowVisitors, sessionCookie } from '../../../auth/access.ts'
import { acceptForms } from '../../../http/html-forms.ts'
import { problemKinds } from '../../../http/problems.ts'
import { publicUrlOf } from '../../../http/public-url.ts'
import { limitRates, rareRequestsPerMinuteMax } from '../../../http/rate-limits.ts'
import { secretPageHeaders } from '../../../http/security-headers.ts'
import type { Services } from '../../../services.ts'
import { segment } from '../components/html.ts'
import { drawPage, strangersVisit } from '../components/layout.tsx'
import { Form } from '../components/links.tsx'

type LoginRequest = FastifyRequest<{ Params: { token: string } }>

/**
 * The page of a login link has a button, and only the button signs in: mail programs, chats and browsers load links before a
 * person does. It works without JavaScript, for example in w3m.
 */
export const signInPages = (services: Services) => async (app: FastifyInstance) => {
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
    if (status >= 500) request.log.error({ err: error }, 'signing in or out failed')
    const text = status >= 500 ? 'The database does not answer. Try again in a moment.' : error.message
    return page(reply.code(status), 'Signing in or out failed', <p>{text}</p>)
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
    <p>This link is not valid: it was used, or it is more than ten minutes old. Create another link with</p>
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
    .headers(secretPageHeaders) // anybody who knows the address can use it
    .header('cache-control', 'no-store')
    .header('x-robots-tag', 'noindex')
    .send(drawPage({ title, visit: strangersVisit('/login', reply.server.publicPath), children }))
}

import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { identifyVisitors, sessionCookie } from '../../../../auth/access.ts'
import { acceptForms } from '../../../../http/html-forms.ts'
import { problemKinds } from '../../../../http/problems.ts'
import { publicUrlOf } from '../../../../http/public-url.ts'
import { limitRates, rareRequestsPerMinuteMax } from '../../../../http/rate-limits.ts'
import { secretPageHeaders } from '../../../../http/security-headers.ts'
import type { Services } from '../../../../services.ts'
import { anonymousVisit } from '../../visit.ts'
import { renderLinkNotValidPage, renderSignInErrorPage, renderSignInPage } from './page.tsx'

type LoginRequest = FastifyRequest<{ Params: { token: string } }>

/**
 * The page of a login link has a button, and only this button signs a browser in. Mail programs, chats and browsers
 * load a link before a person does. The page works without JavaScript, for example in w3m. This is a separate plugin,
 * because its rate limit is lower.
 */
export const signInRoute = (services: Services) => async (app: FastifyInstance) => {
  const { farm, config } = services
  acceptForms(app)
  await limitRates(app, 'sign-in', rareRequestsPerMinuteMax)
  identifyVisitors(app)
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
    return send(reply.code(status), renderSignInErrorPage(anonymousVisit(request), text))
  })

  app.get('/login/:token', async (request: LoginRequest, reply) =>
    send(reply, renderSignInPage(anonymousVisit(request), request.params.token)),
  )
  app.post('/login/:token', async (request: LoginRequest, reply) => {
    const outcome = await farm.access.logIn(request.params.token)
    if (outcome.kind !== 'logged-in')
      return send(reply.code(problemKinds[outcome.kind][0]), renderLinkNotValidPage(anonymousVisit(request)))
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

const send = (reply: FastifyReply, html: string): FastifyReply =>
  reply
    .type('text/html; charset=utf-8')
    .headers(secretPageHeaders) // anybody who knows the address can sign in
    .header('cache-control', 'no-store')
    .header('x-robots-tag', 'noindex')
    .send(html)

import type { Followed } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { openCount } from '../../../../http/rate-limits.ts'
import { secretPageHeaders } from '../../../../http/security-headers.ts'
import type { Services } from '../../../../services.ts'
import { seeOther } from '../../forms.ts'
import { queryWord } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { canFollow, visitOf } from '../../visit.ts'
import { PageError } from '../problem/page-error.ts'
import {
  renderFollowPage,
  renderNoMailPage,
  renderRequestedPage,
  renderSubscriptionPage,
  renderUnsubscribedPage,
} from './page.tsx'

/** One address of a network may ask for this many mails per minute. */
const requestsPerMinuteMax = 10

type FollowForm = FastifyRequest<{ Body: Record<string, string | undefined> | null }>
type TokenRequest = FastifyRequest<{ Params: { token: string } }>

/** The form for messages by mail, and the pages of the links in these mails. */
export async function subscriptionRoutes(app: FastifyInstance, services: Services): Promise<void> {
  const { notifications, projects } = services.farm
  const limited = await openCount(app, 'subscriptions', requestsPerMinuteMax)
  const names = async () => [...(await projects.repositories()).keys()].sort()

  app.get('/subscriptions', async (request, reply) => {
    const visit = await visitOf(services, request)
    if (!canFollow(services.config)) return sendPage(reply, renderNoMailPage(visit))
    const followed = followedOf(name => queryWord(request, name))
    return sendPage(reply, renderFollowPage({ visit, followed, projects: await names() }))
  })

  app.post('/subscriptions', { preHandler: limited }, async (request: FollowForm, reply) => {
    const visit = await visitOf(services, request)
    if (!canFollow(services.config)) return sendPage(reply.code(422), renderNoMailPage(visit))
    // The form has no token of a session, because everybody may send it. Another site may not.
    if (request.headers['sec-fetch-site'] === 'cross-site') throw otherSite
    const form = request.body ?? {}
    const followed = followedOf(name => form[name])
    const mail = form.mail ?? ''
    const outcome = await notifications.follow(mail, followed)
    if (outcome.kind === 'requested') return seeOther(reply, '/subscriptions/requested')
    const error = outcome.kind === 'invalid' ? outcome.problem : fullWords[outcome.kind]
    return sendPage(
      reply.code(outcome.kind === 'busy' ? 429 : 422),
      renderFollowPage({ visit, followed, projects: await names(), mail, error }),
    )
  })

  app.get('/subscriptions/requested', async (request, reply) =>
    sendPage(reply, renderRequestedPage(await visitOf(services, request))),
  )

  // Mail programs load a link before a person does, so a GET request changes nothing.
  app.get('/subscriptions/:token', async (request: TokenRequest, reply) => {
    const { token } = request.params
    const subscription = await notifications.subscription(token)
    if (!subscription) throw noSubscription
    const visit = await visitOf(services, request)
    return sendSecret(reply, renderSubscriptionPage({ visit, token, subscription }))
  })

  app.post('/subscriptions/:token/confirm', async (request: TokenRequest, reply) => {
    const { token } = request.params
    if (!(await notifications.confirm(token))) throw noSubscription
    return seeOther(reply, `/subscriptions/${token}`)
  })

  await app.register(async scope => {
    // RFC 8058: a mail program sends List-Unsubscribe=One-Click, also as multipart/form-data.
    const options = { parseAs: 'string', bodyLimit: 4096 } as const
    scope.addContentTypeParser('multipart/form-data', options, (_request, _body, done) => done(null, {}))
    scope.post('/subscriptions/:token', async (request: TokenRequest, reply) => {
      await notifications.unsubscribe(request.params.token)
      return sendSecret(reply, renderUnsubscribedPage(await visitOf(services, request)))
    })
  })
}

const sendSecret = (reply: FastifyReply, html: string): FastifyReply =>
  reply
    .type('text/html; charset=utf-8')
    .headers(secretPageHeaders) // anybody who knows the address can end the subscription
    .header('cache-control', 'no-store')
    .header('x-robots-tag', 'noindex')
    .send(html)

function followedOf(read: (name: string) => string | undefined): Followed {
  const word = (name: string) => read(name)?.trim() || null
  const host = word('host')
  return {
    project: word('project'),
    branch: word('branch'),
    host,
    arch: host === null ? null : word('arch'),
    variant: host === null ? null : word('variant'),
    events: knownEvents.filter(event => read(`on-${event}`) !== undefined),
  }
}

const knownEvents = ['newly-failing', 'fixed', 'still-failing', 'bisected', 'build', 'host-silent']

const fullWords = {
  full: 'The farm has as many subscriptions as it can have. Ask its operator, or use a feed.',
  busy: 'Many people asked for a mail in the last hour. Try again later.',
}

const noSubscription = new PageError(404, {
  title: 'There is no such subscription',
  text: 'Somebody ended it, or nobody confirmed it within three days.',
  next: { href: '/subscriptions', text: 'Follow by mail' },
})

const otherSite = new PageError(409, {
  title: 'Another site sent this form',
  text: 'Open the page of this farm and send the form there.',
  next: { href: '/subscriptions', text: 'Follow by mail' },
})

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isAdmin, requireAdmin } from '../../../../auth/plugin.ts'
import type { Services } from '../../../../services.ts'
import { seeOther } from '../../forms.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { PageError } from '../problem/page-error.ts'
import { renderNotificationsPage } from './page.tsx'

const pageSize = 50
type NotificationForm = FastifyRequest<{ Params: { id: string } }>
type ChannelForm = FastifyRequest<{ Params: { key: string } }>

export function notificationsRoute(app: FastifyInstance, services: Services): void {
  const { notifications } = services.farm
  const admin = { preHandler: requireAdmin }

  app.get('/notifications', async (request, reply) => {
    if (!isAdmin(request)) throw adminsOnly
    const before = wholeNumber(queryWord(request, 'before'))
    const [visit, found, channels] = await Promise.all([
      visitOf(services, request),
      notifications.list({ before, limit: pageSize + 1 }),
      notifications.channels(),
    ])
    const shown = found.slice(0, pageSize)
    const next = found.length > pageSize ? shown.at(-1)?.id : undefined
    return sendPage(reply, renderNotificationsPage({ visit, notifications: shown, channels, before: next }))
  })

  app.post('/notifications/:id/retry', admin, async ({ params: { id } }: NotificationForm, reply) => {
    const outcome = await notifications.retry(wholeNumber(id) ?? 0)
    if (outcome.kind === 'unknown') throw notFailed(id)
    return seeOther(reply, '/notifications')
  })

  app.post('/notifications/channels/:key/test', admin, async ({ params: { key } }: ChannelForm, reply) => {
    if ((await notifications.sendTest(key)) === undefined) throw noChannel
    return seeOther(reply, '/notifications')
  })
}

const adminsOnly = new PageError(404, {
  title: 'Only administrators can see notifications',
  text: 'Run ./farm admin on the server: it prints a link that signs this browser in.',
})

const notFailed = (id: string) =>
  new PageError(409, {
    title: `Message ${id} was not sent again`,
    text: 'It does not exist, or it waits for its first try.',
    next: { href: '/notifications', text: 'All notifications' },
  })

const noChannel = new PageError(404, {
  title: 'There is no such channel',
  text: 'farm.yaml does not contain it any more.',
  next: { href: '/notifications', text: 'All notifications' },
})

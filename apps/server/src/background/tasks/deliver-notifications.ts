import { type Channel, compareLink, type Delivery, type OutgoingMessage } from '@rumpfarm/connectors'
import type { Draft, DraftLink, DueMessage } from '@rumpfarm/farm'
import type { Task, TaskServices } from '../task.ts'
import { resolveTarget } from './notify-target.ts'

/**
 * A run starts no further message after this time. One message takes at most a minute, so the run ends before another
 * run may take its messages (waitsSeconds in packages/farm).
 */
const runMs = 50_000

/**
 * Sends the messages of the outbox that are due. A failed message stays in the database, and a later run sends it again.
 * A process that dies between a delivery and its record sends the message twice, with the same id.
 */
export const deliverNotifications: Task = async services => {
  const started = Date.now()
  // A message can make the next one of its thread due. A run takes a limited number of messages.
  while (Date.now() - started < runMs) {
    const due = await services.farm.notifications.takeDue()
    if (due.length === 0) return
    const channels = [...new Set(due.map(({ channel }) => channel))]
    const messagesOf = (key: string) => due.filter(({ channel }) => channel === key)
    await Promise.all(channels.map(key => deliverInOrder(services, messagesOf(key), started)))
  }
}

/** One after the other, because chat servers limit how many messages they take at once. */
async function deliverInOrder(services: TaskServices, messages: readonly DueMessage[], started: number): Promise<void> {
  for (const message of messages) {
    if (Date.now() - started > runMs) await services.farm.notifications.release(message)
    else await deliver(services, message)
  }
}

async function deliver(services: TaskServices, message: DueMessage): Promise<void> {
  const { farm, notifiers, namedSecrets, log } = services
  const draft = await farm.notifications.compose(message)
  if (typeof draft === 'string') return farm.notifications.markNotSent(message, draft)
  if (!message.target) return farm.notifications.markNotSent(message, 'the channel does not exist any more')
  const author = message.target.kind === 'authors' ? await farm.notifications.authorOf(message) : undefined
  if (author && 'note' in author) return farm.notifications.markNotSent(message, author.note)
  const target = author ? { kind: 'mail' as const, to: [author.address] } : resolveTarget(message.target, namedSecrets)
  const delivery: Delivery =
    'problem' in target
      ? { kind: 'failed', problem: target.problem, permanent: false }
      : await notifiers.send(target as Channel, outgoing(services, message, draft))
  services.metrics.delivery(message.target.kind, outcomeOf(delivery))
  const fields = { notification: message.id, event: message.event, channel: message.target.kind }
  if (delivery.kind === 'delivered') {
    log.info(fields, 'a notification was delivered')
    return farm.notifications.markDelivered(message)
  }
  log.warn({ ...fields, problem: delivery.problem }, 'a notification could not be delivered')
  return farm.notifications.markFailed(message, delivery)
}

const outcomeOf = (delivery: Delivery) => (delivery.kind === 'failed' && delivery.permanent ? 'gave-up' : delivery.kind)

function outgoing({ publicUrl }: TaskServices, message: DueMessage, draft: Draft): OutgoingMessage {
  const { title, excerpt } = draft
  const lines = message.target?.kind === 'authors' ? [...draft.lines, authorWords] : draft.lines
  const links = draft.links.flatMap(link => addressOf(link, publicUrl) ?? [])
  const { id, thread, event, createdAt, rows, unsubscribePath } = message
  const url = links[0]?.url
  return {
    id,
    thread: thread && `${thread.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 60)}`,
    event,
    title,
    lines,
    excerpt,
    links,
    list: listOf(rows[0]?.projectName ?? null, publicUrl),
    createdAt,
    ...(publicUrl !== undefined && unsubscribePath !== undefined && { unsubscribeUrl: publicUrl + unsubscribePath }),
    data: { ...draft.data, ...(url === undefined ? {} : { url }) },
  }
}

const authorWords =
  'You receive this mail because your commit is the only one that can have caused this, and the project asks for it.'

/** Without PUBLIC_URL, the farm does not know its address for browsers, so its messages have no links to its pages. */
function addressOf(link: DraftLink, publicUrl: string | undefined): { text: string; url: string } | undefined {
  if ('path' in link) return publicUrl === undefined ? undefined : { text: link.text, url: `${publicUrl}${link.path}` }
  const url = compareLink(link.repository, link.before, link.after)
  return url === undefined ? undefined : { text: link.text, url }
}

/** `buildrump.farm.example.org` */
function listOf(project: string | null, publicUrl: string | undefined): string {
  const host = publicUrl === undefined ? 'rumpfarm.localhost' : new URL(publicUrl).hostname
  return `${project ?? 'farm'}.${host}`
}

import type { Context } from '../context.ts'
import type { Draft } from './draft.ts'
import type { NotificationRow } from './outbox.ts'
import { type Followed, subscriptionOfChannel } from './subscriptions.rule.ts'
import { subscriptionToken } from './subscriptions.ts'

/** The mail that asks whether a person wants the messages of a subscription. */
export async function composeConfirmation(
  { db, settings }: Context,
  { channel }: NotificationRow,
): Promise<Draft | string> {
  const [row] = await db.query<Followed & { seed: string; confirmed: boolean }>`
    SELECT own."projectName" AS "project", own."branch", host."name" AS "host", own."arch", own."variant", own."events",
           own."confirmedAt" IS NOT NULL AS "confirmed", own."seed"
      FROM "Subscription" own LEFT JOIN "Host" host ON host."id" = own."hostId"
     WHERE own."id" = ${subscriptionOfChannel(channel) ?? 0}`
  if (!row) return 'the subscription does not exist any more'
  const path = `/subscriptions/${subscriptionToken(settings.secret, row.seed)}`
  const what = followedWords(row)
  if (row.confirmed)
    return {
      title: `You follow ${what} already`,
      lines: [
        'Somebody entered your address on the page Subscriptions again.',
        `You receive messages about these events: ${row.events.join(', ')}.`,
        'To choose other events, unsubscribe and subscribe again.',
      ],
      excerpt: [],
      links: [{ text: 'Subscription', path }],
      data: {},
    }
  return {
    title: `Confirm that you want to follow ${what}`,
    lines: [
      `Somebody asked the farm to send messages to this address about these events: ${row.events.join(', ')}.`,
      'If you want them, open the link and confirm.',
      'If you do not want them, do nothing. The farm forgets your address after three days.',
    ],
    excerpt: [],
    links: [{ text: 'Confirm', path }],
    data: {},
  }
}

/** `sample main on vax amd64` */
export const followedWords = ({ project, branch, host, arch, variant }: Omit<Followed, 'events'>): string => {
  const place = [host, arch, variant].filter(part => part !== null).join(' ')
  const what = [project ?? (host === null ? 'all projects' : null), branch].filter(part => part !== null).join(' ')
  if (host === null) return what
  return what === '' ? `the host ${place}` : `${what} on ${place}`
}

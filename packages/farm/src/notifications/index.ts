import type { Contexts } from '../context.ts'
import { authorOf } from './authors.ts'
import { compose } from './compose.ts'
import { announceDigests } from './digest.ts'
import {
  listChannels,
  listNotifications,
  type NotificationFilter,
  outboxState,
  retryNotification,
  sendTest,
} from './notification-queries.ts'
import { type DueMessage, type FailedTry, markDelivered, markFailed, markNotSent, release, takeDue } from './outbox.ts'
import type { Followed } from './subscriptions.rule.ts'
import { confirm, deleteUnconfirmed, follow, subscriptionOf, unsubscribe } from './subscriptions.ts'

export type { AuthorFound } from './authors.ts'
export type { NotificationEvent } from './channels.rule.ts'
export type { Draft, DraftLink } from './draft.ts'
export type { ChannelView, NotificationView, RetryNotificationOutcome } from './notification-queries.ts'
export type { DueMessage, FailedTry } from './outbox.ts'
export type { Followed } from './subscriptions.rule.ts'
export type { FollowOutcome, SubscriptionView } from './subscriptions.ts'

/** Messages about changes: the outbox, its delivery, and its channels. */
export const notificationMethods = ({ main, pages }: Contexts) => ({
  /** The messages to send now. No other caller gets the same messages until the next try is due. */
  takeDue: () => takeDue(main),
  /** The text of a message; a text without a title says why there is nothing to send any more. */
  compose: (message: Pick<DueMessage, 'rows'>) => compose(main, message),
  /** The address of the author of the only commit that can have caused the change. Never show this address. */
  authorOf: (message: Pick<DueMessage, 'rows'>) => authorOf(main, message),
  markDelivered: (message: DueMessage) => markDelivered(main, message),
  /** If `permanent` is true, the farm gives up at once, and disables the channel unless it is mail. */
  markFailed: (message: DueMessage, failed: FailedTry) => markFailed(main, message, failed),
  markNotSent: (message: DueMessage, note: string) => markNotSent(main, message.rows, note),
  /** The caller has no time for the message now. */
  release: (message: DueMessage) => release(main, message.rows),
  /** Writes the daily summaries; call it every few minutes. */
  announceDigests: () => announceDigests(main),

  /** Asks an address to confirm that a person wants messages. The outcome does not depend on the farm's addresses. */
  follow: (address: string, followed: Followed) => follow(main, address, followed),
  /** The subscription of a token; undefined if there is none. */
  subscription: (token: string) => subscriptionOf(pages, token),
  /** False if no subscription has this token. */
  confirm: (token: string) => confirm(main, token),
  unsubscribe: (token: string) => unsubscribe(main, token),
  /** Deletes the subscriptions that nobody confirmed; call it every few minutes. */
  deleteUnconfirmed: () => deleteUnconfirmed(main),

  list: (filter: NotificationFilter) => listNotifications(pages, filter),
  channels: () => listChannels(pages),
  retry: async (id: number) => (id <= 2_147_483_647 ? retryNotification(main, id) : ({ kind: 'unknown' } as const)),
  /** Sends a test message to a channel. Returns its id; undefined if no channel has this key. */
  sendTest: (key: string) => sendTest(main, key),
  /** For metrics and health: how many messages wait. */
  state: () => outboxState(pages),
})

import type { Contexts } from '../context.ts'
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

export type { NotificationEvent } from './channels.rule.ts'
export type { Draft, DraftLink } from './compose.ts'
export type { ChannelView, NotificationView, RetryNotificationOutcome } from './notification-queries.ts'
export type { DueMessage, FailedTry } from './outbox.ts'

/** Messages about changes: the outbox, its delivery, and its channels. */
export const notificationMethods = ({ main, pages }: Contexts) => ({
  /** The messages to send now. No other caller gets the same messages until the next try is due. */
  takeDue: () => takeDue(main),
  /** The text of a message; a text without a title says why there is nothing to send any more. */
  compose: (message: Pick<DueMessage, 'rows'>) => compose(main, message),
  markDelivered: (message: DueMessage) => markDelivered(main, message),
  /** If `permanent` is true, the farm gives up at once, and disables the channel unless it is mail. */
  markFailed: (message: DueMessage, failed: FailedTry) => markFailed(main, message, failed),
  markNotSent: (message: DueMessage, note: string) => markNotSent(main, message.rows, note),
  /** The caller has no time for the message now. */
  release: (message: DueMessage) => release(main, message.rows),
  /** Writes the daily summaries; call it every few minutes. */
  announceDigests: () => announceDigests(main),

  list: (filter: NotificationFilter) => listNotifications(pages, filter),
  channels: () => listChannels(pages),
  retry: async (id: number) => (id <= 2_147_483_647 ? retryNotification(main, id) : ({ kind: 'unknown' } as const)),
  /** Sends a test message to a channel. Returns its id; undefined if no channel has this key. */
  sendTest: (key: string) => sendTest(main, key),
  /** For metrics and health: how many messages wait. */
  state: () => outboxState(pages),
})

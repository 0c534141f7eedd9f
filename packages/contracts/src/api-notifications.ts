import Type from 'typebox'
import {
  bulkFormat,
  count,
  id,
  list,
  maybeInteger,
  maybeMoment,
  maybeText,
  moment,
  oneOf,
  page,
  ref,
} from './api-formats.ts'

/** The requests and answers of the API about messages and their channels. */

const events = [
  'newly-failing',
  'fixed',
  'still-failing',
  'build',
  'bisected',
  'host-silent',
  'host-back',
  'test',
  'confirm',
] as const
const states = ['waiting', 'retrying', 'delivered', 'failed', 'not-sent'] as const

export const Notification = Type.Object(
  {
    id: id('Number of the message'),
    event: oneOf(events, 'The change that the message is about'),
    project: maybeText('Project; null for a host'),
    branch: maybeText('Branch; null for a host, and for a build without a branch'),
    problem: maybeInteger('Number of the problem'),
    build: maybeInteger('Number of the build'),
    bisection: maybeInteger('Number of the bisection'),
    host: maybeText('Host that became silent or is back'),
    channel: Type.String({ description: 'Key of the channel' }),
    channelKind: Type.String({ description: 'Kind of the channel, such as mail' }),
    channelLabel: Type.String({ description: 'Address of the channel, without secrets' }),
    state: oneOf(states, 'not-sent: the message was not necessary any more'),
    createdAt: moment('When the state of the farm changed'),
    nextAt: moment('When the farm tries to send the message next, if it is not sent yet'),
    deliveredAt: maybeMoment('When the receiver took the message'),
    gaveUpAt: maybeMoment('When the farm gave up'),
    tries: count('Number of tries'),
    failure: maybeText('Why the newest try failed'),
    note: maybeText('Why the farm did not send the message, although nothing failed'),
  },
  { $id: 'Notification' },
)
export const NotificationPage = page(Notification)

export const NotificationFilter = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Number of items on a page' })),
    cursor: Type.Optional(Type.String({ maxLength: 200, description: 'From the address `next` of the page before' })),
    format: bulkFormat(),
  },
  { additionalProperties: false },
)

export const NotificationChannel = Type.Object(
  {
    key: Type.String({ description: 'Key of the channel' }),
    kind: Type.String({ description: 'mail, irc, slack, mattermost, discord, matrix, ntfy, webhook or authors' }),
    label: Type.String({ description: 'Address, without secrets' }),
    rules: list(
      Type.Object({
        project: maybeText('Project; null for all projects'),
        events: Type.Array(Type.String()),
        branches: Type.Unsafe<string[] | null>({
          type: ['array', 'null'],
          items: { type: 'string' },
          description: 'Patterns of branches; null: the branches that the project names',
        }),
      }),
      'The messages that the channel receives',
    ),
    disabledAt: maybeMoment('When the receiver said that it wants no more messages'),
    failure: maybeText('The answer with which the receiver said so'),
  },
  { $id: 'NotificationChannel' },
)
export const NotificationChannels = Type.Object(
  { items: Type.Array(ref(NotificationChannel)) },
  { $id: 'NotificationChannels' },
)
export const SentNotification = Type.Object({ id: id('Number of the message') }, { $id: 'SentNotification' })

export const Alert = Type.Object(
  {
    secret: maybeText(
      'Secret that signs the alerts (Standard Webhooks); it is shown only once. Null for a mail address',
    ),
  },
  { $id: 'Alert' },
)

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

/** The requests and answers of the API about webhook deliveries. */

const outcomes = ['waiting', 'retrying', 'built', 'handled', 'ignored', 'failed', 'refused', 'pong'] as const
const senders = [
  'github',
  'gitlab',
  'gitea',
  'forgejo',
  'gogs',
  'bitbucket',
  'bitbucket-data-center',
  'sourcehut',
  'generic',
] as const
const outcomeText =
  'waiting: the farm handles it now. retrying: the repository did not answer, or does not have the commit yet. handled: done without a build. pong: a test of the forge'

export const DeliveryResult = Type.Object(
  {
    project: Type.String(),
    ref: maybeText('Branch or tag with its full name'),
    outcome: oneOf(['built', 'handled', 'ignored', 'retrying', 'failed'], 'What the delivery did for this project'),
    why: maybeText('Reason of the outcome'),
    commit: maybeText('Commit that git found'),
    buildId: maybeInteger('Number of the build'),
    created: Type.Boolean({ description: 'Whether the delivery created the build' }),
  },
  { $id: 'DeliveryResult' },
)

const summary = {
  id: id('Number of the delivery'),
  sender: Type.String({
    description: 'Kind of the forge, such as github; generic: a program that uses Standard Webhooks',
  }),
  deliveryId: maybeText('Id that the sender gave to the delivery; null if the farm refused it'),
  event: Type.String({ description: 'What the delivery reports, such as push of main' }),
  receivedAt: moment('When it arrived the last time'),
  times: count('How often it arrived or was replayed'),
  projects: list(Type.String(), 'Projects that it concerns'),
  outcome: oneOf(outcomes, outcomeText),
  reason: maybeText('Reason of the outcome'),
  results: list(ref(DeliveryResult), 'What it did for each project and ref'),
  tries: count('Number of tries'),
  nextAt: maybeMoment('When the farm tries again; null if it has finished'),
}

export const Delivery = Type.Object(summary, { $id: 'Delivery', description: 'A webhook that the farm received' })
export const DeliveryPage = page(Delivery)

export const DeliveryDetails = Type.Object(
  {
    ...summary,
    signedFor: list(Type.String(), 'Projects whose own secret signed it; empty for the secret of the farm'),
    headers: Type.Record(Type.String(), Type.String(), { description: 'Headers, without secrets' }),
    body: Type.String({ description: 'The first 64 KiB of the body, without secrets' }),
    bodyBytes: count('Length of the whole body'),
    canReplay: Type.Boolean({ description: 'Whether the farm can decide it again' }),
  },
  { $id: 'DeliveryDetails', description: 'A webhook that the farm received, with its headers and body' },
)

export const DeliveryFilter = Type.Object(
  {
    sender: Type.Optional(oneOf(senders, 'Only deliveries of this kind of sender')),
    outcome: Type.Optional(oneOf(outcomes, 'Only deliveries with this outcome')),
    project: Type.Optional(Type.String({ maxLength: 64, description: 'Only deliveries that concern this project' })),
    text: Type.Optional(
      Type.String({
        maxLength: 80,
        description: 'Only deliveries with this text in event, reason, id, commit or project',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Number of items on a page' })),
    cursor: Type.Optional(Type.String({ maxLength: 200, description: 'From the address `next` of the page before' })),
    format: bulkFormat(),
  },
  { additionalProperties: false },
)

export const ReplayedDelivery = Type.Object({ id: id('Number of the delivery') }, { $id: 'ReplayedDelivery' })

export const TestWebhook = Type.Object(
  { sender: oneOf(senders, 'The kind of forge whose ping the farm sends to itself') },
  { additionalProperties: false },
)
export const WebhookTest = Type.Object(
  {
    works: Type.Boolean(),
    url: Type.String({ description: 'The address to which the farm sent the ping' }),
    status: maybeInteger('HTTP status of the answer; null if there was no answer'),
    answer: Type.String({ description: 'What the answer says, or why there was none' }),
    milliseconds: count('Duration of the request'),
  },
  { $id: 'WebhookTest', description: 'The result of a signed ping that the farm sent to its own address' },
)

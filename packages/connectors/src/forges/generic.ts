import { namePattern } from '@rumpfarm/contracts'
import Type, { type Static } from 'typebox'
import { type Body, malformed, readBody, readText, readValue } from './body.ts'
import { type Forge, type ForgeEvent, type Headers, header, type Malformed } from './event.ts'
import { missingSignature } from './recognise.ts'
import { verifyStandardWebhook } from './standard-webhooks.ts'

/**
 * A request to build a commit, or to build the newest commit of a branch. If the request names no commit and no branch,
 * the farm chooses the branch. The commit can be the id of an annotated tag's object, which git must resolve.
 */
const Trigger = Type.Object(
  {
    project: Type.Optional(Type.String({ pattern: namePattern })),
    commit: Type.Optional(Type.String({ pattern: '^[0-9a-f]{7,64}$' })),
    branch: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '^(?!-)[^\\x00-\\x20\\x7f]+$' })),
  },
  { additionalProperties: false },
)
type Trigger = Static<typeof Trigger>

/** The form that the specification of Standard Webhooks recommends for a body. */
const Envelope = Type.Object({
  type: Type.String({ maxLength: 200 }),
  timestamp: Type.String({ maxLength: 100 }),
  data: Type.Optional(Type.Unknown()),
})

/** Any program that signs by Standard Webhooks. The body is the request, or an envelope `{type, timestamp, data}`. */
export const generic: Forge = {
  verify: signed =>
    header(signed.headers, 'webhook-signature')
      ? verifyStandardWebhook(signed)
      : { kind: 'bad-signature', problem: missingSignature('generic', 'webhook-signature', signed.headers) },
  read,
}

function read(headers: Headers, body: Uint8Array): ForgeEvent | Malformed {
  const deliveryId = header(headers, 'webhook-id') ?? ''
  if (!/^[\x21-\x7e]{1,200}$/.test(deliveryId))
    return malformed('header webhook-id', 'it is not an id: 1 to 200 printable ASCII characters')
  const text = readText(body)
  const read = text.kind === 'malformed' ? text : readTrigger(text.value)
  if (read.kind === 'malformed') return read
  const event = read.value === 'ping' ? { kind: 'ping' as const } : { kind: 'trigger' as const, ...read.value }
  return { deliveryId, repositoryUrls: [], ...event }
}

function readTrigger(text: string): Body<Trigger | 'ping'> {
  const any = readBody(Type.Object({}), text)
  if (any.kind === 'malformed') return any
  if (!Object.hasOwn(any.value, 'type')) return readValue(Trigger, any.value, 'body')
  const envelope = readValue(Envelope, any.value, 'body')
  if (envelope.kind === 'malformed') return envelope
  const { type, data } = envelope.value
  return type === 'ping' ? { kind: 'body', value: 'ping' } : readValue(Trigger, data ?? {}, 'body.data')
}

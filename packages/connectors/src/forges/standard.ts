import { namePattern } from '@rumpfarm/contracts'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import Type, { type Static } from 'typebox'
import { type Malformed, malformed, readBody, readText } from './body.ts'
import type { Headers } from './github.ts'

/**
 * A request to build a commit, or to build the newest commit of a branch. If the request names no commit and no branch,
 * the farm chooses the branch.
 */
export const TriggerBody = Type.Object(
  {
    project: Type.String({ pattern: namePattern }),
    commit: Type.Optional(Type.String({ pattern: '^[0-9a-f]{7,64}$' })),
    branch: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '^(?!-)[^\\x00-\\x20\\x7f]+$' })),
  },
  { additionalProperties: false },
)
export type TriggerBody = Static<typeof TriggerBody>

export type StandardDelivery =
  | ({ kind: 'trigger'; deliveryId: string } & TriggerBody)
  | { kind: 'bad-signature'; problem: string }
  /** The signature's time differs from the farm's clock by more than five minutes. */
  | { kind: 'stale'; problem: string }
  | Malformed

const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const

/**
 * Verifies and reads a delivery in the format of Standard Webhooks: https://www.standardwebhooks.com. Each of `secrets`
 * is base64, with or without `whsec_`. The signature is valid with any of `secrets`.
 */
export function readStandardDelivery(headers: Headers, body: Uint8Array, secrets: readonly string[]): StandardDelivery {
  if (secrets.length === 0) return { kind: 'bad-signature', problem: 'the farm has no secret for this webhook' }
  const missing = names.find(name => typeof headers[name] !== 'string')
  if (missing) return { kind: 'bad-signature', problem: `the header ${missing} is missing` }
  const deliveryId = String(headers['webhook-id'])
  if (!/^[\x21-\x7e]{1,200}$/.test(deliveryId))
    return malformed('header webhook-id', 'it is not an id: 1 to 200 printable ASCII characters')
  const text = readText(body)
  if (text.kind === 'malformed') return text
  const wrong = verify(headers as Record<string, string>, text.value, secrets)
  if (wrong) return wrong
  const read = readBody(TriggerBody, text.value)
  return read.kind === 'malformed' ? read : { kind: 'trigger', deliveryId, ...read.value }
}

type Refusal = Extract<StandardDelivery, { kind: 'bad-signature' | 'stale' }>

/** Undefined if the signature matches one of the secrets; otherwise why it does not match the last secret. */
function verify(headers: Record<string, string>, text: string, secrets: readonly string[]): Refusal | undefined {
  let refusal: Refusal | undefined
  for (const secret of secrets) {
    refusal = verifyOne(headers, text, secret)
    if (!refusal) return undefined
  }
  return refusal
}

function verifyOne(headers: Record<string, string>, text: string, secret: string): Refusal | undefined {
  const webhook = new Webhook(secret) // throws if the secret is not base64, which is an error of the configuration
  try {
    webhook.verify(text, headers, { jsonParse: false })
    return undefined
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error
    if (/too old|too new/.test(error.message))
      return { kind: 'stale', problem: `${error.message}: sign the message when you send it, and check both clocks` }
    return { kind: 'bad-signature', problem: `${error.message}: the sender's secret is not the farm's` }
  }
}

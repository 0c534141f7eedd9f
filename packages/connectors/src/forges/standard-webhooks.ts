import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Headers, header, type Signed, type Verified } from './event.ts'
import { firstValid, noSecret, sharedSecrets } from './hmac.ts'

/** How much the time of a signature can differ from the farm's clock. */
const toleranceMs = 5 * 60_000

interface Signature {
  id: string
  seconds: string
  /** The signatures that came, decoded. A sender that replaces its secret sends several. */
  given: Buffer[]
}

/**
 * Verifies the signature of Standard Webhooks (https://www.standardwebhooks.com), which GitLab also sends: HMAC-SHA256
 * of `id.time.body`. A secret is base64, with or without `whsec_`.
 */
export function verifyStandardWebhook({ headers, body, secrets, now }: Signed): Verified {
  const usable = sharedSecrets(secrets)
  if (usable.length === 0) return noSecret
  const keys = usable.flatMap(({ index, secret }) => {
    const key = keyOf(secret)
    return key ? [{ index, secret: key }] : []
  })
  const signature = readSignature(headers)
  if (typeof signature === 'string') return { kind: 'bad-signature', problem: signature }
  if (keys.length === 0)
    return { kind: 'bad-signature', problem: 'webhook-signature needs a secret in base64, and the farm has none' }
  const verified = firstValid('webhook-signature', keys, key => matches(key, signature, body))
  return verified.kind === 'valid' ? (staleness(signature, now) ?? verified) : verified
}

function keyOf(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, '')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
}

/** Reads the three headers; a text says what is wrong with them. */
function readSignature(headers: Headers): Signature | string {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
  const missing = names.find(name => !header(headers, name))
  if (missing) return `the header ${missing} is missing: sign the delivery as Standard Webhooks says`
  const [id = '', seconds = '', list = ''] = names.map(name => header(headers, name))
  if (!/^\d{1,12}$/.test(seconds)) return 'the header webhook-timestamp is not a number of seconds'
  const given = list.split(' ').flatMap(part => (part.startsWith('v1,') ? [Buffer.from(part.slice(3), 'base64')] : []))
  if (given.length === 0) return 'the header webhook-signature is not v1, and a digest in base64'
  return { id, seconds, given }
}

function matches(key: Buffer, { id, seconds, given }: Signature, body: Uint8Array): boolean {
  const digest = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest()
  return given.filter(one => one.length === digest.length && timingSafeEqual(one, digest)).length > 0
}

/** The signature covers the time. So an old delivery is one that somebody sends again, or one clock is wrong. */
function staleness({ seconds }: Signature, now: Date): Verified | undefined {
  const late = now.getTime() - Number(seconds) * 1000
  if (Math.abs(late) <= toleranceMs) return undefined
  const [minutes, direction] = [Math.ceil(Math.abs(late) / 60_000), late > 0 ? 'old' : 'in the future']
  const problem = `webhook-timestamp is ${minutes} minutes ${direction}, and the farm accepts 5: sign the message when you send it, and check both clocks`
  return { kind: 'stale', problem }
}

import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { read, verify } from '../forges/delivery.ts'
import type { ForgeEvent, ForgeKind, Headers, Verified } from '../forges/event.ts'
import { recognise } from '../forges/recognise.ts'

export const secret = "It's a Secret to Everybody"
/** A secret of Standard Webhooks. GitLab calls it a signing token. */
export const signingToken = `whsec_${Buffer.from('a secret of the farm, 32 bytes !').toString('base64')}`
export const now = new Date('2026-11-30T00:00:00Z')

const keys = generateKeyPairSync('ed25519')
const raw = Buffer.from(keys.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
/** The public key of the sourcehut of these tests. */
export const publicKey = `ed25519:${raw.toString('base64')}`
export const nonce = 'f00d00d1e5a7e551'

export interface Sent {
  headers: Headers
  body: Buffer
}

export const bytesOf = (payload: unknown): Buffer =>
  Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))

export const hex = (body: Uint8Array, key = secret): string => createHmac('sha256', key).update(body).digest('hex')

/** An id that depends on the payload, as each delivery has another one. */
const idOf = (body: Buffer): string => createHash('sha256').update(body).digest('hex').slice(0, 32)

/** The headers of GitHub. */
export const githubHeaders = (event: string, body: Buffer) => ({
  'content-type': 'application/json',
  'x-github-event': event,
  'x-github-delivery': idOf(body),
  'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
  'x-hub-signature-256': `sha256=${hex(body)}`,
})

const gogsHeaders = (event: string, body: Buffer) => ({
  'content-type': 'application/json',
  'x-github-event': event,
  'x-github-delivery': idOf(body),
  'x-gogs-event': event,
  'x-gogs-delivery': idOf(body),
  'x-gogs-signature': hex(body),
})

/** Gitea also sends the headers of Gogs and GitHub. */
const giteaHeaders = (event: string, body: Buffer) => ({
  ...gogsHeaders(event, body),
  ...githubHeaders(event, body),
  'x-gitea-event': event,
  'x-gitea-event-type': event,
  'x-gitea-delivery': idOf(body),
  'x-gitea-signature': hex(body),
})

/** Forgejo also sends the headers of Gitea. */
const forgejoHeaders = (event: string, body: Buffer) => ({
  ...giteaHeaders(event, body),
  'x-forgejo-event': event,
  'x-forgejo-event-type': event,
  'x-forgejo-delivery': idOf(body),
  'x-forgejo-signature': hex(body),
})

const standardHeaders = (body: Buffer, at = now, id = idOf(body)) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': new Webhook(signingToken).sign(id, at, body.toString()),
})

const gitlabHeaders = (event: string, body: Buffer) => ({
  'content-type': 'application/json',
  'x-gitlab-event': event,
  'x-gitlab-instance': 'https://gitlab.example.org',
  'x-gitlab-event-uuid': '13792a34-cac6-4fda-95a8-c58e00a3954e',
  'idempotency-key': idOf(body),
  ...standardHeaders(body),
})

const sourcehutHeaders = (event: string, body: Buffer) => ({
  'content-type': 'application/json',
  'x-webhook-event': event,
  'x-webhook-delivery': idOf(body),
  'x-payload-nonce': nonce,
  'x-payload-signature': sign(null, Buffer.concat([body, Buffer.from(nonce)]), keys.privateKey).toString('base64'),
})

/** Each forge's headers for an event, with a valid signature. */
export const headersOf: Record<ForgeKind, (event: string, body: Buffer) => Record<string, string>> = {
  github: githubHeaders,
  gitlab: gitlabHeaders,
  gitea: giteaHeaders,
  forgejo: forgejoHeaders,
  gogs: gogsHeaders,
  bitbucket: (event, body) => ({
    'content-type': 'application/json',
    'x-event-key': event,
    'x-hook-uuid': '1d2c97de-7ac5-4f0a-a8a7-d6a4d8b1f2a6',
    'x-request-uuid': idOf(body),
    'x-request-id': 'added-by-a-proxy',
    'x-attempt-number': '1',
    'x-hub-signature': `sha256=${hex(body)}`,
  }),
  'bitbucket-data-center': (event, body) => ({
    'content-type': 'application/json; charset=utf-8',
    'x-event-key': event,
    'x-request-id': idOf(body),
    'x-hub-signature': `sha256=${hex(body)}`,
  }),
  sourcehut: sourcehutHeaders,
  generic: (_event, body) => standardHeaders(body),
}

/** The secret with which `headersOf` signs. */
export const secretOf = (kind: ForgeKind): string => {
  if (kind === 'sourcehut') return publicKey
  return kind === 'gitlab' || kind === 'generic' ? signingToken : secret
}

export const send = (kind: ForgeKind, event: string, payload: unknown): Sent => {
  const body = bytesOf(payload)
  return { headers: headersOf[kind](event, body), body }
}

export const check = (
  kind: ForgeKind,
  { headers, body }: Sent,
  secrets: readonly string[] = [secretOf(kind)],
): Verified => verify(kind, { headers, body, secrets, now })

/** Sends a payload as the forge does: the farm must recognise the forge, and the signature must be valid. */
export function deliver(kind: ForgeKind, event: string, payload: unknown): ReturnType<typeof read> {
  const sent = send(kind, event, payload)
  const found = recognise(sent.headers)
  const verified = check(kind, sent)
  if (found !== kind || verified.kind !== 'valid') throw new Error(`${kind}: ${found} ${JSON.stringify(verified)}`)
  return read(kind, sent.headers, sent.body)
}

/** The same as `deliver`, for a payload that the farm can read. */
export function event(kind: ForgeKind, name: string, payload: unknown): ForgeEvent {
  const said = deliver(kind, name, payload)
  if (said.kind === 'malformed') throw new Error(`${said.where}: ${said.problem}`)
  return said
}

import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { ForgeKind } from './event.ts'

export interface SignedPing {
  headers: Record<string, string>
  body: string
}

/**
 * A test delivery as the forge sends it, signed with this secret. It builds nothing. Undefined for sourcehut, because
 * only sourcehut has the key that signs its deliveries.
 */
export function signedPing(kind: ForgeKind, secret: string, id: string, now: Date): SignedPing | undefined {
  const body = bodies[kind] ?? '{}'
  const hex = createHmac('sha256', secret).update(body).digest('hex')
  const headers = headersOf(kind, { hex, id, body, secret, now })
  return headers && { headers: { 'content-type': 'application/json', ...headers }, body }
}

const bodies: Partial<Record<ForgeKind, string>> = {
  github: '{"zen":"The farm tests its own webhook."}',
  gitea: '{"zen":"The farm tests its own webhook."}',
  forgejo: '{"zen":"The farm tests its own webhook."}',
  gogs: '{"zen":"The farm tests its own webhook."}',
  gitlab: '{"object_kind":"test"}',
  bitbucket: '{"test":true}',
  'bitbucket-data-center': '{"test":true}',
  generic: '{"type":"ping","timestamp":"2026-01-01T00:00:00Z","data":{}}',
}

interface Signing {
  hex: string
  id: string
  body: string
  secret: string
  now: Date
}

function headersOf(kind: ForgeKind, signing: Signing): Record<string, string> | undefined {
  const { hex, id, secret } = signing
  const github = { 'x-github-event': 'ping', 'x-github-delivery': id, 'x-hub-signature-256': `sha256=${hex}` }
  const gogs = { 'x-gogs-event': 'ping', 'x-gogs-delivery': id, 'x-gogs-signature': hex }
  const gitea = { 'x-gitea-event': 'ping', 'x-gitea-delivery': id, 'x-gitea-signature': hex }
  switch (kind) {
    case 'github':
      return github
    case 'gogs':
      return { ...gogs, 'x-github-event': 'ping', 'x-github-delivery': id }
    case 'gitea':
      return { ...github, ...gogs, ...gitea }
    case 'forgejo':
      return {
        ...{ ...github, ...gogs, ...gitea },
        ...{ 'x-forgejo-event': 'ping', 'x-forgejo-delivery': id, 'x-forgejo-signature': hex },
      }
    case 'gitlab':
      return {
        ...{ 'x-gitlab-event': 'Test Hook', 'x-gitlab-event-uuid': id, 'idempotency-key': id },
        ...(secret.startsWith('whsec_') ? standard(signing) : { 'x-gitlab-token': secret }),
      }
    case 'bitbucket':
      return {
        'x-event-key': 'diagnostics:ping',
        'x-hook-uuid': id,
        'x-request-uuid': id,
        'x-hub-signature': `sha256=${hex}`,
      }
    case 'bitbucket-data-center':
      return { 'x-event-key': 'diagnostics:ping', 'x-request-id': id, 'x-hub-signature': `sha256=${hex}` }
    case 'generic':
      return standard(signing)
    case 'sourcehut':
      return undefined
  }
}

const standard = ({ id, body, secret, now }: Signing) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
  'webhook-signature': new Webhook(secret).sign(id, now, body),
})

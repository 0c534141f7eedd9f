import { type ForgeKind, type Headers, header } from './event.ts'

interface Signs {
  kind: ForgeKind
  name: string
  /** The headers that only this forge sends, or that no forge above it sends. */
  headers: readonly string[]
}

/**
 * The order matters. Forgejo sends the headers of Gitea, Gogs and GitHub too, Gitea those of Gogs and GitHub, and Gogs
 * those of GitHub. GitLab can send the headers of Standard Webhooks.
 */
const signs: readonly Signs[] = [
  { kind: 'forgejo', name: 'Forgejo', headers: ['X-Forgejo-Signature', 'X-Forgejo-Event', 'X-Forgejo-Delivery'] },
  { kind: 'gitea', name: 'Gitea', headers: ['X-Gitea-Signature', 'X-Gitea-Event', 'X-Gitea-Delivery'] },
  { kind: 'gogs', name: 'Gogs', headers: ['X-Gogs-Signature', 'X-Gogs-Event', 'X-Gogs-Delivery'] },
  { kind: 'gitlab', name: 'GitLab', headers: ['X-Gitlab-Token', 'X-Gitlab-Event', 'X-Gitlab-Instance'] },
  // A proxy can add X-Request-Id, so this header says nothing. Bitbucket Data Center has no hook id.
  { kind: 'bitbucket', name: 'Bitbucket Cloud', headers: ['X-Hook-UUID', 'X-Request-UUID'] },
  { kind: 'bitbucket-data-center', name: 'Bitbucket Data Center', headers: ['X-Event-Key'] },
  { kind: 'sourcehut', name: 'sourcehut', headers: ['X-Payload-Signature', 'X-Payload-Nonce'] },
  { kind: 'github', name: 'GitHub', headers: ['X-Hub-Signature-256', 'X-GitHub-Event', 'X-GitHub-Delivery'] },
  { kind: 'generic', name: 'Standard Webhooks', headers: ['webhook-signature', 'webhook-id', 'webhook-timestamp'] },
]

const isIn = (headers: Headers) => (name: string) => headers[name.toLowerCase()] !== undefined

/** Returns which forge sent these headers; undefined if no forge sends them. */
export const recognise = (headers: Headers): ForgeKind | undefined =>
  signs.find(forge => forge.headers.some(isIn(headers)))?.kind

/** The name of a forge for people. */
export const forgeName = (kind: ForgeKind): string => signs.find(forge => forge.kind === kind)?.name ?? kind

/** Why a delivery has no signature that the farm can verify: names what came, what the farm expects, and what to do. */
export function missingSignature(kind: ForgeKind, expected: string, headers: Headers): string {
  const came = signs.find(forge => forge.headers.some(isIn(headers)))
  const missing = `the header ${expected} of ${forgeName(kind)} is missing`
  if (came && came.kind !== kind) {
    const evidence = came.headers.find(isIn(headers))
    return `${missing}; the delivery has ${evidence}, from ${came.name}: send it to /webhooks or /webhooks/${came.kind}`
  }
  const hub = header(headers, 'X-Hub-Signature')
  if (hub?.startsWith('sha1='))
    return `${missing}; the delivery has X-Hub-Signature, which is SHA-1 and no longer safe: configure the sender to sign with SHA-256`
  if (hub) return `${missing}; the delivery has X-Hub-Signature, as from Bitbucket: send it to /webhooks/bitbucket`
  return `${missing}: give the webhook a secret`
}

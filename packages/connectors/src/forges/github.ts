import { createHmac, timingSafeEqual } from 'node:crypto'
import Type from 'typebox'
import { firstLine, type Malformed, malformed, readBody, readText } from './body.ts'

/** The headers of a delivery. Node gives their names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

export interface ForgePush {
  /** The forge's id of the delivery. A repeated delivery has the same id. */
  deliveryId: string
  /** All addresses of the repository in the delivery. Compare each address with sameRepository. */
  repositoryUrls: string[]
  branch: string
  commit: string
  /** The first line of the commit message, at most 500 characters. */
  subject: string | undefined
  author: string | undefined
}

export type GithubDelivery =
  | ({ kind: 'push' } & ForgePush)
  | { kind: 'ping'; deliveryId: string }
  /** A valid delivery that needs no build, because it is about a tag, a deleted branch or another event. */
  | { kind: 'nothing-to-build'; deliveryId: string; why: string }
  | { kind: 'bad-signature'; problem: string }
  | Malformed

const url = Type.Optional(Type.String({ maxLength: 2000 }))
const PushEvent = Type.Object({
  // git refuses spaces and control characters in a ref: https://git-scm.com/docs/git-check-ref-format
  ref: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\x00-\\x20\\x7f]+$' }),
  after: Type.String({ pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' }),
  deleted: Type.Optional(Type.Boolean()),
  repository: Type.Object({
    clone_url: url,
    ssh_url: url,
    git_url: url,
    html_url: url,
    // GitHub Enterprise, Gitea and Forgejo can omit some of these addresses. One address is enough.
  }),
  head_commit: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({
        message: Type.Optional(Type.String()),
        author: Type.Optional(Type.Object({ name: Type.Optional(Type.String()) })),
      }),
    ]),
  ),
})

/**
 * Verifies and reads a webhook of GitHub. Gitea and Forgejo send the same format. `body` must be the raw bytes, because
 * the signature covers them (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries). The
 * signature is valid with any of `secrets`, so that an administrator can replace a secret.
 */
export function readGithubDelivery(headers: Headers, body: Uint8Array, secrets: readonly string[]): GithubDelivery {
  const wrong = signatureProblem(headers, body, secrets)
  if (wrong) return { kind: 'bad-signature', problem: wrong }
  const deliveryId = header(headers, 'x-github-delivery') ?? ''
  if (!/^[A-Za-z0-9_.:-]{1,100}$/.test(deliveryId))
    return malformed('header X-GitHub-Delivery', 'it is missing, or is not an id')
  const event = header(headers, 'x-github-event') ?? ''
  if (event === 'ping') return { kind: 'ping', deliveryId }
  if (event === '') return malformed('header X-GitHub-Event', 'it is missing')
  if (event !== 'push')
    return { kind: 'nothing-to-build', deliveryId, why: `the event ${event.slice(0, 50)} is not a push` }
  return readPush(deliveryId, header(headers, 'content-type') ?? '', body)
}

function readPush(deliveryId: string, contentType: string, bytes: Uint8Array): GithubDelivery {
  const text = readText(bytes)
  if (text.kind === 'malformed') return text
  // By default GitHub sends application/x-www-form-urlencoded, with the JSON as `payload`.
  const form = contentType.startsWith('application/x-www-form-urlencoded')
  const read = readBody(PushEvent, form ? (new URLSearchParams(text.value).get('payload') ?? '') : text.value)
  if (read.kind === 'malformed') return read
  const { ref, after, deleted, repository, head_commit } = read.value
  if (!ref.startsWith('refs/heads/')) return { kind: 'nothing-to-build', deliveryId, why: `${ref} is not a branch` }
  if (deleted || /^0+$/.test(after)) return { kind: 'nothing-to-build', deliveryId, why: `${ref} was deleted` }
  const urls = [repository.clone_url, repository.ssh_url, repository.git_url, repository.html_url]
  const repositoryUrls = urls.filter(address => address !== undefined)
  if (repositoryUrls.length === 0)
    return malformed('body.repository', 'it has no clone_url, ssh_url, git_url or html_url')
  const subject = firstLine(head_commit?.message)
  const author = firstLine(head_commit?.author?.name)
  return {
    kind: 'push',
    deliveryId,
    repositoryUrls,
    branch: ref.slice('refs/heads/'.length),
    commit: after,
    subject,
    author,
  }
}

function signatureProblem(headers: Headers, body: Uint8Array, secrets: readonly string[]): string | undefined {
  const usable = secrets.filter(secret => secret !== '')
  if (usable.length === 0) return 'the farm has no secret for this webhook'
  const signature = header(headers, 'x-hub-signature-256')
  if (!signature) return missingSignature(headers)
  const given = /^sha256=([0-9a-f]{64})$/.exec(signature)?.[1]
  if (!given) return 'the header X-Hub-Signature-256 is not sha256= and 64 hexadecimal digits'
  const matches = usable.map(secret => sameDigest(given, createHmac('sha256', secret).update(body).digest()))
  return matches.includes(true) ? undefined : "the signature does not match: the webhook's secret is not the farm's"
}

/**
 * If the delivery has another kind of signature, the webhook already has a secret. So the message names this signature,
 * and does not ask for a secret.
 */
function missingSignature(headers: Headers): string {
  const missing = 'the header X-Hub-Signature-256 is missing'
  const other = otherSignatures.find(([name, , start = '']) => header(headers, name)?.startsWith(start))
  return other ? `${missing}, and ${other[1]}` : `${missing}: give the webhook a secret`
}

const otherSignatures: readonly [header: string, advice: string, start?: string][] = [
  [
    'x-gitea-signature',
    'the delivery has X-Gitea-Signature, from an old Gitea or Forgejo: update it (Gitea 1.14 and later sends both)',
  ],
  [
    'x-forgejo-signature',
    'the delivery has X-Forgejo-Signature: choose the type "Gitea" or "Forgejo" and update it, so that it sends both',
  ],
  [
    'x-gogs-signature',
    'the delivery has X-Gogs-Signature: for Gogs, use ./farm trigger or the generic webhook, signed by Standard Webhooks',
  ],
  [
    'x-hub-signature',
    'the delivery has X-Hub-Signature: sha256=, from Bitbucket: its pushes have another format, so use ./farm trigger or the generic webhook, signed by Standard Webhooks',
    'sha256=',
  ],
  [
    'x-hub-signature',
    'the delivery has X-Hub-Signature, which is SHA-1 and no longer safe: configure the sender to sign with SHA-256',
  ],
  [
    'x-gitlab-token',
    'the delivery has X-Gitlab-Token: GitLab does not sign; use the generic webhook, signed by Standard Webhooks',
  ],
  ['webhook-signature', 'the delivery has webhook-signature: send Standard Webhooks to /webhooks/generic'],
]

const sameDigest = (hex: string, digest: Buffer): boolean => timingSafeEqual(Buffer.from(hex, 'hex'), digest)

/** The value of a header; undefined if the header is missing or was sent twice. */
const header = (headers: Headers, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

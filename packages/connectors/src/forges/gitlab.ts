import { createHash } from 'node:crypto'
import Type, { type Static } from 'typebox'
import {
  addresses,
  type Body,
  commitOrNull,
  firstLine,
  idOrNull,
  malformed,
  objectId,
  optionalText,
  orNull,
  readDelivery,
  readDeliveryId,
  refName,
  refsMax,
  url,
  word,
} from './body.ts'
import {
  type Forge,
  type ForgeEvent,
  type Headers,
  header,
  type Malformed,
  type PullRequestEvent,
  type Said,
  type Signed,
  type Verified,
} from './event.ts'
import { noSecret, sharedSecrets, verifyToken } from './hmac.ts'
import { missingSignature } from './recognise.ts'
import { verifyStandardWebhook } from './standard-webhooks.ts'

/** GitLab: https://docs.gitlab.com/user/project/integrations/webhook_events and its system hooks. */
export const gitlab: Forge = { verify, read }

/**
 * GitLab sends a secret token as it is, or a signature with a signing token, or both. A delivery with a signature must
 * have a valid one: its token is not enough. https://docs.gitlab.com/user/project/integrations/webhooks/#signing-tokens
 */
function verify(signed: Signed): Verified {
  const { headers, secrets } = signed
  if (sharedSecrets(secrets).length === 0) return noSecret
  if (headers['webhook-signature'] !== undefined) return verifyStandardWebhook(signed)
  const token = header(headers, 'X-Gitlab-Token')
  if (token) return verifyToken('X-Gitlab-Token', token, secrets)
  const expected = 'webhook-signature or X-Gitlab-Token'
  return { kind: 'bad-signature', problem: missingSignature('gitlab', expected, headers) }
}

const Project = Type.Object({
  git_http_url: url,
  git_ssh_url: url,
  http_url: url,
  ssh_url: url,
  web_url: url,
  url,
  homepage: url,
})
type Project = Static<typeof Project>

const urlsOf = (project: Project | null | undefined): string[] =>
  addresses(
    project?.git_http_url,
    project?.git_ssh_url,
    project?.http_url,
    project?.ssh_url,
    project?.url,
    project?.web_url,
    project?.homepage,
  )

const AnyEvent = Type.Object({
  object_kind: optionalText,
  /** System hooks have this name, and not always `object_kind`. */
  event_name: optionalText,
  project: orNull(Project),
  repository: orNull(Project),
})

function read(headers: Headers, body: Uint8Array): ForgeEvent | Malformed {
  const id = deliveryIdOf(headers, body)
  if (id.kind === 'malformed') return id
  const any = readDelivery(AnyEvent, headers, body)
  if (any.kind === 'malformed') return any
  const { object_kind, event_name, project, repository } = any.value
  const repositoryUrls = [...new Set([...urlsOf(project), ...urlsOf(repository)])]
  const event = readEvent(object_kind ?? event_name ?? '', headers, body)
  if (event.kind === 'malformed') return event
  if (repositoryUrls.length === 0 && event.kind !== 'other' && event.kind !== 'ping')
    return malformed('body.project', 'it has no git_http_url, git_ssh_url or web_url')
  return { ...event, deliveryId: id.value, repositoryUrls }
}

/**
 * Idempotency-Key (17.4) stays the same when GitLab sends a delivery again. Deliveries that a webhook caused share one
 * X-Gitlab-Event-UUID, and old releases send no id. So the body is a part of the id.
 */
function deliveryIdOf(headers: Headers, body: Uint8Array): Body<string> {
  if (header(headers, 'Idempotency-Key') || header(headers, 'webhook-id'))
    return readDeliveryId(headers, 'Idempotency-Key', 'webhook-id')
  const digest = createHash('sha256')
    .update(header(headers, 'X-Gitlab-Event-UUID') ?? '')
    .update(body)
    .digest('hex')
  return { kind: 'body', value: `body-${digest.slice(0, 40)}` }
}

function readEvent(name: string, headers: Headers, body: Uint8Array): Said | Malformed {
  switch (name) {
    case 'push':
    case 'tag_push':
      return readPush(headers, body)
    case 'repository_update':
      return readUpdate(headers, body)
    case 'merge_request':
      return readMergeRequest(headers, body)
    case 'release':
      return readRelease(headers, body)
    case 'test': // the farm's own test
      return { kind: 'ping' }
    default:
      return { kind: 'other', why: `the event ${word(name) || 'without a name'} is not a push` }
  }
}

const Change = Type.Object({ ref: refName, before: Type.Optional(objectId), after: objectId })

const Commit = Type.Object({
  id: optionalText,
  message: optionalText,
  author: orNull(Type.Object({ name: optionalText })),
})
const Push = Type.Object({ ...Change.properties, checkout_sha: optionalText, commits: orNull(Type.Array(Commit)) })

function readPush(headers: Headers, body: Uint8Array): Said | Malformed {
  const read = readDelivery(Push, headers, body)
  if (read.kind === 'malformed') return read
  const { ref, before, after, checkout_sha, commits } = read.value
  const commit = commits?.find(({ id }) => id === (checkout_sha ?? after))
  const subject = firstLine(commit?.message)
  const author = firstLine(commit?.author?.name)
  return { kind: 'refs', changes: [{ ref, before: idOrNull(before), after: idOrNull(after), subject, author }] }
}

const Update = Type.Object({ changes: Type.Array(Change, { maxItems: refsMax }) })

/** A system hook: all refs of one push. */
function readUpdate(headers: Headers, body: Uint8Array): Said | Malformed {
  const read = readDelivery(Update, headers, body)
  if (read.kind === 'malformed') return read
  const changes = read.value.changes.map(({ ref, before, after }) => ({
    ref,
    before: idOrNull(before),
    after: idOrNull(after),
  }))
  return { kind: 'refs', changes }
}

const MergeRequest = Type.Object({
  user: orNull(Type.Object({ username: optionalText, name: optionalText })),
  object_attributes: Type.Object({
    iid: Type.Integer({ minimum: 1 }),
    title: Type.String(),
    action: optionalText,
    source_branch: refName,
    target_branch: refName,
    source_project_id: Type.Optional(Type.Unknown()),
    target_project_id: Type.Optional(Type.Unknown()),
    source: orNull(Project),
    last_commit: orNull(Type.Object({ id: optionalText, author: orNull(Type.Object({ name: optionalText })) })),
    url,
    /** The commit before the update. Other updates, for example of the title, do not have it. */
    oldrev: optionalText,
  }),
  changes: orNull(Type.Object({ target_branch: Type.Optional(Type.Unknown()) })),
})

function readMergeRequest(headers: Headers, body: Uint8Array): Said | Malformed {
  const read = readDelivery(MergeRequest, headers, body)
  if (read.kind === 'malformed') return read
  const { user, object_attributes: merge, changes } = read.value
  const moved = Boolean(merge.oldrev) || changes?.target_branch !== undefined
  return {
    kind: 'pull-request',
    action: actionOf(merge.action ?? '', moved),
    number: merge.iid,
    title: firstLine(merge.title) ?? '',
    author: firstLine(user?.username ?? user?.name ?? merge.last_commit?.author?.name) ?? '',
    head: { ref: merge.source_branch, commit: commitOrNull(merge.last_commit?.id), urls: urlsOf(merge.source) },
    base: { branch: merge.target_branch, commit: null },
    fork: merge.source_project_id === undefined || merge.source_project_id !== merge.target_project_id,
    url: merge.url ?? null,
    headRef: `refs/merge-requests/${merge.iid}/head`,
    mergeRef: `refs/merge-requests/${merge.iid}/merge`,
  }
}

function actionOf(action: string, moved: boolean): PullRequestEvent['action'] {
  const actions: Record<string, PullRequestEvent['action']> = {
    open: 'opened',
    reopen: 'reopened',
    close: 'closed',
    merge: 'merged',
  }
  if (action === 'update' && moved) return 'updated'
  return Object.hasOwn(actions, action) ? (actions[action] ?? 'other') : 'other'
}

const Release = Type.Object({ tag: refName, action: Type.String() })

function readRelease(headers: Headers, body: Uint8Array): Said | Malformed {
  const read = readDelivery(Release, headers, body)
  return read.kind === 'malformed' ? read : { kind: 'release', tag: read.value.tag, action: word(read.value.action) }
}

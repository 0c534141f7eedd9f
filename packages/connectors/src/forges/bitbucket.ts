import Type, { type Static } from 'typebox'
import {
  addresses,
  commitOrNull,
  firstLine,
  malformed,
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
  type ForgeKind,
  type Headers,
  header,
  type Malformed,
  type PullRequestEvent,
  type RefChange,
  type Said,
  type Signed,
  type Verified,
} from './event.ts'
import { noSecret, sharedSecrets, verifyHmac } from './hmac.ts'
import { missingSignature } from './recognise.ts'

/** Bitbucket Cloud: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads */
export const bitbucket: Forge = { verify: signed => verifyBitbucket('bitbucket', signed), read }

/** Bitbucket Cloud and Bitbucket Data Center sign in the same way. */
export function verifyBitbucket(kind: ForgeKind, { headers, body, secrets }: Signed): Verified {
  if (sharedSecrets(secrets).length === 0) return noSecret
  const value = header(headers, 'X-Hub-Signature')
  if (!value) return { kind: 'bad-signature', problem: withoutSignature(kind, headers) }
  if (!value.startsWith('sha256='))
    return { kind: 'bad-signature', problem: 'the header X-Hub-Signature is not sha256= and 64 hexadecimal digits' }
  return verifyHmac('X-Hub-Signature', value.slice('sha256='.length), body, secrets)
}

function withoutSignature(kind: ForgeKind, headers: Headers): string {
  const problem = missingSignature(kind, 'X-Hub-Signature', headers)
  return header(headers, 'X-Event-Key') === 'diagnostics:ping'
    ? `${problem}; Bitbucket does not sign a connection test, so save the webhook with its secret and push`
    : problem
}

const Links = orNull(Type.Object({ html: orNull(Type.Object({ href: url })) }))
const Repository = Type.Object({ uuid: optionalText, full_name: optionalText, links: Links })
type Repository = Static<typeof Repository>

function urlsOf(repository: Repository | null | undefined): string[] {
  const name = repository?.full_name
  const clones = name && /^[\w.{}-]+\/[\w.-]+$/.test(name) ? [`https://bitbucket.org/${name}.git`] : []
  return addresses(repository?.links?.html?.href, ...clones)
}

function read(headers: Headers, body: Uint8Array): ForgeEvent | Malformed {
  const id = readDeliveryId(headers, 'X-Request-UUID', 'X-Request-Id')
  if (id.kind === 'malformed') return id
  const key = header(headers, 'X-Event-Key') ?? ''
  if (key === '') return malformed('header X-Event-Key', 'it is missing')
  const any = readDelivery(Type.Object({ repository: orNull(Repository) }), headers, body)
  if (any.kind === 'malformed') return any
  const said = { deliveryId: id.value, repositoryUrls: urlsOf(any.value.repository) }
  const event = readEvent(key, headers, body)
  if (event.kind === 'malformed') return event
  if (said.repositoryUrls.length === 0 && event.kind !== 'other' && event.kind !== 'ping')
    return malformed('body.repository', 'it has no links.html and no full_name')
  return { ...event, ...said }
}

function readEvent(key: string, headers: Headers, body: Uint8Array): Said | Malformed {
  if (key === 'diagnostics:ping') return { kind: 'ping' } // the farm's own test
  if (key === 'repo:push') return readPush(headers, body)
  const action = Object.hasOwn(actions, key) ? actions[key] : undefined
  if (action) return readPullRequest(action, headers, body)
  return { kind: 'other', why: `the event ${word(key)} is not a push` }
}

const Ref = Type.Object({
  type: Type.String(),
  name: refName,
  target: orNull(
    Type.Object({
      hash: optionalText,
      message: optionalText,
      author: orNull(Type.Object({ raw: optionalText, user: orNull(Type.Object({ display_name: optionalText })) })),
    }),
  ),
})
type Ref = Static<typeof Ref>

const Push = Type.Object({
  push: Type.Object({
    changes: Type.Array(Type.Object({ old: orNull(Ref), new: orNull(Ref) }), { maxItems: refsMax }),
  }),
})

function readPush(headers: Headers, body: Uint8Array): Said | Malformed {
  const read = readDelivery(Push, headers, body)
  if (read.kind === 'malformed') return read
  const changes: RefChange[] = []
  for (const { old, new: now } of read.value.push.changes) {
    const ref = now ?? old
    if (!ref) return malformed('body.push.changes', 'a change has no old and no new ref')
    const after = commitOrNull(now?.target?.hash)
    if (now && !after) return malformed('body.push.changes', `${word(now.name)} has no commit`)
    const { message, author } = now?.target ?? {}
    const name = author?.user?.display_name ?? author?.raw?.replace(/\s*<[^>]*>$/, '')
    const before = commitOrNull(old?.target?.hash)
    changes.push({ ref: fullName(ref), before, after, subject: firstLine(message), author: firstLine(name) })
  }
  return { kind: 'refs', changes }
}

const fullName = ({ type, name }: Ref): string => `refs/${type === 'tag' ? 'tags' : 'heads'}/${name}`

const actions: Record<string, PullRequestEvent['action']> = {
  'pullrequest:created': 'opened',
  // For every edit, also of the title.
  'pullrequest:updated': 'updated',
  'pullrequest:fulfilled': 'merged',
  'pullrequest:rejected': 'closed',
}

const End = Type.Object({
  branch: Type.Object({ name: refName }),
  commit: orNull(Type.Object({ hash: optionalText })),
  repository: orNull(Repository),
})

const PullRequest = Type.Object({
  pullrequest: Type.Object({
    id: Type.Integer({ minimum: 1 }),
    title: Type.String(),
    author: orNull(Type.Object({ nickname: optionalText, display_name: optionalText })),
    source: End,
    destination: End,
    links: Links,
  }),
})

/** Bitbucket Cloud has no refs of pull requests: the commits are only in the branch of the source. */
function readPullRequest(
  action: PullRequestEvent['action'],
  headers: Headers,
  body: Uint8Array,
): PullRequestEvent | Malformed {
  const read = readDelivery(PullRequest, headers, body)
  if (read.kind === 'malformed') return read
  const { id, title, author, source, destination, links } = read.value.pullrequest
  const fork = !source.repository || source.repository.uuid !== destination.repository?.uuid
  return {
    kind: 'pull-request',
    action,
    number: id,
    title: firstLine(title) ?? '',
    author: firstLine(author?.nickname ?? author?.display_name) ?? '',
    head: { ref: source.branch.name, commit: commitOrNull(source.commit?.hash), urls: urlsOf(source.repository) },
    base: { branch: destination.branch.name, commit: commitOrNull(destination.commit?.hash) },
    fork,
    url: links?.html?.href ?? null,
    headRef: fork ? null : `refs/heads/${source.branch.name}`,
    mergeRef: null,
  }
}

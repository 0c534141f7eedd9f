import Type, { type Static } from 'typebox'
import { verifyBitbucket } from './bitbucket.ts'
import {
  addresses,
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
} from './event.ts'

/** Bitbucket Data Center and Server: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html */
export const bitbucketDataCenter: Forge = {
  verify: signed => verifyBitbucket('bitbucket-data-center', signed),
  read,
}

const Link = Type.Object({ href: url })
const Links = orNull(Type.Object({ clone: orNull(Type.Array(Link)), self: orNull(Type.Array(Link)) }))
const Repository = Type.Object({ id: Type.Optional(Type.Unknown()), links: Links })
type Repository = Static<typeof Repository>

/** Bitbucket sends no addresses to clone to a webhook of some events, but always the page of the repository. */
function urlsOf(repository: Repository | null | undefined): string[] {
  const links = repository?.links
  const pages = (links?.self ?? []).map(({ href }) => href ?? '')
  const clones = pages.flatMap(page => {
    const [, base, owner, name] =
      /^(https?:\/\/.+)\/(?:projects|users)\/([^/]+)\/repos\/([^/]+)(?:\/|$)/.exec(page) ?? []
    return base ? [`${base}/scm/${page.includes('/users/') ? '~' : ''}${owner}/${name}.git`] : []
  })
  return addresses(...(links?.clone ?? []).map(({ href }) => href), ...clones, ...pages)
}

const AnyEvent = Type.Object({
  repository: orNull(Repository),
  pullRequest: orNull(Type.Object({ toRef: Type.Object({ repository: orNull(Repository) }) })),
})

function read(headers: Headers, body: Uint8Array): ForgeEvent | Malformed {
  const id = readDeliveryId(headers, 'X-Request-Id')
  if (id.kind === 'malformed') return id
  const key = header(headers, 'X-Event-Key') ?? ''
  if (key === '') return malformed('header X-Event-Key', 'it is missing')
  if (key === 'diagnostics:ping') return { kind: 'ping', deliveryId: id.value, repositoryUrls: [] }
  const any = readDelivery(AnyEvent, headers, body)
  if (any.kind === 'malformed') return any
  const { repository, pullRequest } = any.value
  const repositoryUrls = urlsOf(repository ?? pullRequest?.toRef.repository)
  const event = readEvent(key, headers, body)
  if (event.kind === 'malformed') return event
  if (repositoryUrls.length === 0 && event.kind !== 'other')
    return malformed('body.repository', 'it has no links: this release of Bitbucket is too old')
  return { ...event, deliveryId: id.value, repositoryUrls }
}

function readEvent(key: string, headers: Headers, body: Uint8Array): Said | Malformed {
  // A mirror sends its own event, after it has the commits.
  if (key === 'repo:refs_changed' || key === 'mirror:repo_synchronized') return readPush(headers, body)
  const action = Object.hasOwn(actions, key) ? actions[key] : undefined
  if (action) return readPullRequest(action, headers, body)
  return { kind: 'other', why: `the event ${word(key)} is not a push` }
}

const Push = Type.Object({
  changes: Type.Array(
    Type.Object({ ref: Type.Object({ id: refName }), fromHash: Type.Optional(objectId), toHash: objectId }),
    { maxItems: refsMax },
  ),
  /** The newest commit of the push, since 7.x. */
  toCommit: orNull(
    Type.Object({
      id: optionalText,
      message: optionalText,
      author: orNull(Type.Object({ name: optionalText, displayName: optionalText })),
    }),
  ),
})

function readPush(headers: Headers, body: Uint8Array): Said | Malformed {
  const read = readDelivery(Push, headers, body)
  if (read.kind === 'malformed') return read
  const { changes, toCommit } = read.value
  return {
    kind: 'refs',
    changes: changes.map(({ ref, fromHash, toHash }) => {
      const commit = toCommit?.id === toHash ? toCommit : undefined
      const author = firstLine(commit?.author?.displayName ?? commit?.author?.name)
      const subject = firstLine(commit?.message)
      return { ref: ref.id, before: idOrNull(fromHash), after: idOrNull(toHash), subject, author }
    }),
  }
}

const actions: Record<string, PullRequestEvent['action']> = {
  'pr:opened': 'opened',
  'pr:from_ref_updated': 'updated',
  'pr:to_ref_updated': 'updated',
  'pr:modified': 'other',
  'pr:reopened': 'reopened',
  'pr:merged': 'merged',
  'pr:declined': 'closed',
  'pr:deleted': 'closed',
}

const End = Type.Object({ id: refName, latestCommit: optionalText, repository: orNull(Repository) })

const PullRequest = Type.Object({
  pullRequest: Type.Object({
    id: Type.Integer({ minimum: 1 }),
    title: Type.String(),
    author: orNull(Type.Object({ user: orNull(Type.Object({ name: optionalText, displayName: optionalText })) })),
    fromRef: End,
    toRef: End,
    links: Links,
  }),
  /** Only if somebody chose another base branch. */
  previousTarget: Type.Optional(Type.Object({ id: optionalText })),
})

/** Bitbucket keeps a merge ref too, but updates it only when somebody opens the page. */
function readPullRequest(
  action: PullRequestEvent['action'],
  headers: Headers,
  body: Uint8Array,
): PullRequestEvent | Malformed {
  const read = readDelivery(PullRequest, headers, body)
  if (read.kind === 'malformed') return read
  const { pullRequest, previousTarget } = read.value
  const { id, title, author, fromRef, toRef, links } = pullRequest
  const moved = previousTarget?.id !== undefined && previousTarget.id !== toRef.id
  return {
    kind: 'pull-request',
    action: action === 'other' && moved ? 'updated' : action,
    number: id,
    title: firstLine(title) ?? '',
    author: firstLine(author?.user?.displayName ?? author?.user?.name) ?? '',
    head: {
      ref: fromRef.id.replace(/^refs\/heads\//, ''),
      commit: commitOrNull(fromRef.latestCommit),
      urls: urlsOf(fromRef.repository),
    },
    base: { branch: toRef.id.replace(/^refs\/heads\//, ''), commit: commitOrNull(toRef.latestCommit) },
    fork: !fromRef.repository || fromRef.repository.id !== toRef.repository?.id,
    url: links?.self?.[0]?.href ?? null,
    headRef: `refs/pull-requests/${id}/from`,
    mergeRef: null,
  }
}

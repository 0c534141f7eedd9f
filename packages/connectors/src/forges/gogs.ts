import Type from 'typebox'
import { firstLine, idOrNull, objectId, optionalText, orNull, readDelivery, refName, url, word } from './body.ts'
import type { Forge, ForgeEvent, Malformed } from './event.ts'
import { fullName, readDeleted, readGitea, verifyGitea } from './gitea.ts'
import {
  actionOf,
  type Delivery,
  Repository,
  readOther,
  readPush,
  readRelease,
  urlsOf,
  withRepository,
} from './github-format.ts'

/** Gogs: https://gogs.io/features/webhook */
export const gogs: Forge = {
  verify: signed => verifyGitea('gogs', ['X-Gogs-Signature'], signed),
  read: (headers, body) => readGitea(['X-Gogs'], headers, body, readEvent),
}

function readEvent(event: string, delivery: Delivery): ForgeEvent | Malformed {
  switch (event) {
    case 'push':
      return readPush(delivery)
    case 'create':
      return readCreated(delivery)
    case 'delete':
      return readDeleted(delivery)
    case 'pull_request':
      return readPullRequest(delivery)
    case 'release':
      return readRelease(delivery)
    case 'ping': // the farm's own test
      return readOther(delivery, { kind: 'ping' })
    default:
      return readOther(delivery, { kind: 'other', why: `the event ${word(event)} is not a push` })
  }
}

const Created = Type.Object({
  /** The short name. */
  ref: refName,
  ref_type: Type.Union([Type.Literal('branch'), Type.Literal('tag')]),
  /** Empty for a branch, at least until Gogs 0.11. */
  sha: Type.Optional(Type.Union([objectId, Type.Literal('')])),
  repository: Repository,
})

/** Gogs sends no push for a tag, only this event. */
function readCreated(delivery: Delivery): ForgeEvent | Malformed {
  const read = readDelivery(Created, delivery.headers, delivery.body)
  if (read.kind === 'malformed') return read
  const { ref, ref_type, sha, repository } = read.value
  if (ref_type === 'branch' || !sha)
    return readOther(delivery, { kind: 'other', why: 'the event create repeats what the push event says' })
  const change = { ref: fullName(ref, ref_type), before: null, after: idOrNull(sha) }
  return withRepository(delivery, repository, { kind: 'refs', changes: [change] })
}

const PullRequest = Type.Object({
  action: Type.String(),
  number: Type.Integer({ minimum: 1 }),
  pull_request: Type.Object({
    title: Type.String(),
    html_url: url,
    user: orNull(Type.Object({ login: optionalText, username: optionalText })),
    merged: orNull(Type.Boolean()),
    head_branch: refName,
    head_repo: orNull(Repository),
    base_branch: refName,
    base_repo: orNull(Repository),
  }),
  repository: Repository,
})

function readPullRequest(delivery: Delivery): ForgeEvent | Malformed {
  const read = readDelivery(PullRequest, delivery.headers, delivery.body)
  if (read.kind === 'malformed') return read
  const { action, number, pull_request: pull, repository } = read.value
  return withRepository(delivery, repository, {
    kind: 'pull-request',
    action: actionOf(action, { merged: pull.merged === true, movedBase: false }),
    number,
    title: firstLine(pull.title) ?? '',
    author: firstLine(pull.user?.login || pull.user?.username) ?? '',
    head: { ref: pull.head_branch, commit: null, urls: urlsOf(pull.head_repo) },
    base: { branch: pull.base_branch, commit: null },
    fork: !pull.head_repo || pull.head_repo.id !== (pull.base_repo ?? repository).id,
    url: pull.html_url ?? null,
    headRef: `refs/pull/${number}/head`,
    mergeRef: null,
  })
}

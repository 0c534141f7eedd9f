import Type, { type Static } from 'typebox'
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
  refName,
  url,
  word,
} from './body.ts'
import type { ForgeEvent, Headers, Malformed, PullRequestEvent, Said } from './event.ts'

// GitHub's format of pushes, pull requests and releases. Gitea, Forgejo and Gogs send the same or nearly the same.

/** GitHub Enterprise Server, Gitea, Forgejo and Gogs can omit some of these addresses. One address is enough. */
export const Repository = Type.Object({
  id: Type.Optional(Type.Unknown()),
  clone_url: url,
  ssh_url: url,
  git_url: url,
  html_url: url,
})
type Repository = Static<typeof Repository>

export const urlsOf = (repository: Repository | null | undefined): string[] =>
  addresses(repository?.clone_url, repository?.ssh_url, repository?.git_url, repository?.html_url)

/** What the readers of this format need of a delivery. */
export interface Delivery {
  deliveryId: string
  headers: Headers
  body: Uint8Array
}

type Answer = ForgeEvent | Malformed

const noAddress = malformed('body.repository', 'it has no clone_url, ssh_url, git_url or html_url')

/** Completes an event with the addresses of the repository. An event that names none is malformed. */
export function withRepository({ deliveryId }: Delivery, repository: Repository, event: Said): Answer {
  const repositoryUrls = urlsOf(repository)
  return repositoryUrls.length === 0 ? noAddress : { ...event, deliveryId, repositoryUrls }
}

const AnyEvent = Type.Object({ repository: orNull(Repository) })

/** A ping, or an event that needs no build. It can be about an organisation, so it can have no repository. */
export function readOther(delivery: Delivery, event: Said): Answer {
  const read = readDelivery(AnyEvent, delivery.headers, delivery.body)
  const repositoryUrls = read.kind === 'body' ? urlsOf(read.value.repository) : []
  return { ...event, deliveryId: delivery.deliveryId, repositoryUrls }
}

const Commit = Type.Object({
  id: optionalText,
  message: optionalText,
  author: orNull(Type.Object({ name: optionalText })),
})

const Push = Type.Object({
  ref: refName,
  before: Type.Optional(objectId),
  after: objectId,
  deleted: Type.Optional(Type.Boolean()),
  repository: Repository,
  head_commit: orNull(Commit),
  // Gogs and old Gitea send no head_commit. Their newest commit is the first.
  commits: orNull(Type.Array(Commit)),
})

export function readPush(delivery: Delivery): Answer {
  const read = readDelivery(Push, delivery.headers, delivery.body)
  if (read.kind === 'malformed') return read
  const { ref, before, after, deleted, repository, head_commit, commits } = read.value
  const commit = head_commit ?? commits?.find(({ id }) => id === after)
  const change = {
    ref,
    before: idOrNull(before),
    after: deleted ? null : idOrNull(after),
    subject: firstLine(commit?.message),
    author: firstLine(commit?.author?.name),
  }
  return withRepository(delivery, repository, { kind: 'refs', changes: [change] })
}

const End = Type.Object({ ref: refName, sha: optionalText, repo: orNull(Repository) })

const PullRequest = Type.Object({
  action: Type.String(),
  number: Type.Integer({ minimum: 1 }),
  pull_request: Type.Object({
    title: Type.String(),
    html_url: url,
    user: orNull(Type.Object({ login: optionalText })),
    merged: orNull(Type.Boolean()),
    head: End,
    base: End,
  }),
  // What an edit changed: GitHub says `base` for another base branch, Gitea and Forgejo say `ref`.
  changes: orNull(Type.Object({ base: Type.Optional(Type.Unknown()), ref: Type.Optional(Type.Unknown()) })),
  repository: Repository,
})

export function readPullRequest(delivery: Delivery, { mergeRef }: { mergeRef: boolean }): Answer {
  const read = readDelivery(PullRequest, delivery.headers, delivery.body)
  if (read.kind === 'malformed') return read
  const { action, number, pull_request, changes, repository } = read.value
  const { title, html_url, user, merged, head, base } = pull_request
  const movedBase = changes?.base !== undefined || changes?.ref !== undefined
  return withRepository(delivery, repository, {
    kind: 'pull-request',
    action: actionOf(action, { merged: merged === true, movedBase }),
    number,
    title: firstLine(title) ?? '',
    author: firstLine(user?.login) ?? '',
    head: { ref: head.ref, commit: commitOrNull(head.sha), urls: urlsOf(head.repo) },
    base: { branch: base.ref, commit: commitOrNull(base.sha) },
    // A deleted fork has no repository.
    fork: !head.repo || head.repo.id !== (base.repo ?? repository).id,
    url: html_url ?? null,
    headRef: `refs/pull/${number}/head`,
    mergeRef: mergeRef ? `refs/pull/${number}/merge` : null,
  })
}

/** `synchronize` is GitHub's word for new commits, and `synchronized` the word of Gitea, Forgejo and Gogs. */
export function actionOf(
  action: string,
  { merged, movedBase }: { merged: boolean; movedBase: boolean },
): PullRequestEvent['action'] {
  if (action === 'opened' || action === 'reopened') return action
  if (action === 'closed') return merged ? 'merged' : 'closed'
  if (action === 'synchronize' || action === 'synchronized' || (action === 'edited' && movedBase)) return 'updated'
  return 'other'
}

const Release = Type.Object({
  action: Type.String(),
  release: Type.Object({ tag_name: refName }),
  repository: Repository,
})

export function readRelease(delivery: Delivery): Answer {
  const read = readDelivery(Release, delivery.headers, delivery.body)
  if (read.kind === 'malformed') return read
  const { action, release, repository } = read.value
  return withRepository(delivery, repository, { kind: 'release', tag: release.tag_name, action: word(action) })
}

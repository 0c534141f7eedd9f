export const forgeKinds = [
  'github',
  'gitlab',
  'gitea',
  'forgejo',
  'gogs',
  'bitbucket',
  'bitbucket-data-center',
  'sourcehut',
  'generic',
] as const
export type ForgeKind = (typeof forgeKinds)[number]

/** The headers of a delivery. Node gives their names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** A delivery as it came, with the secrets that can be valid. */
export interface Signed {
  headers: Headers
  /** The raw bytes, because the signature covers them. */
  body: Uint8Array
  /**
   * The live secrets; usually one, and two while somebody replaces a secret. A secret that begins with `ed25519:` is a
   * public key, with which only sourcehut signs. It is never a shared secret.
   */
  secrets: readonly string[]
  now: Date
}

export type Verified =
  /** `secret` is the index in `secrets`. */
  | { kind: 'valid'; secret: number }
  /** `problem` names the header that came and the header that the farm expects. */
  | { kind: 'bad-signature'; problem: string }
  /** The signature is valid, but its time differs from `now` by more than five minutes. */
  | { kind: 'stale'; problem: string }

/** A ref that a push created, moved or deleted. */
export interface RefChange {
  /** The full name: `refs/heads/…`, `refs/tags/…`, or a name that the farm does not build. */
  ref: string
  /** Null for a new ref. */
  before: string | null
  /**
   * Null for a deleted ref. For an annotated tag, GitHub, GitLab, Gitea and others send the id of the tag object, which
   * is not a commit. So git must resolve it: `<after>^{commit}`.
   */
  after: string | null
  /** The first line of the commit message, at most 500 characters. */
  subject?: string | undefined
  author?: string | undefined
}

export interface PullRequestEvent {
  kind: 'pull-request'
  /** `updated`: other commits, or another base branch. `other`: for example a label or a new title. */
  action: 'opened' | 'updated' | 'closed' | 'merged' | 'reopened' | 'other'
  number: number
  title: string
  author: string
  head: {
    /** The name of the branch, without `refs/heads/`. */
    ref: string
    /** Bitbucket Cloud sends only the first 12 digits. Null for Gogs, which sends no commit. */
    commit: string | null
    /** Empty if the fork no longer exists. */
    urls: string[]
  }
  base: { branch: string; commit: string | null }
  /** Whether the commits come from another repository. */
  fork: boolean
  /** The page of the pull request. */
  url: string | null
  /**
   * The ref of the base repository that has the commits of the pull request, for example `refs/pull/7/head`. Null for a
   * fork at Bitbucket Cloud, whose commits are only in the fork.
   */
  headRef: string | null
  /** The ref of the base repository that has the merge result; null if the forge keeps none, or keeps it out of date. */
  mergeRef: string | null
}

/** What a delivery says about its repository. */
export type Said =
  | { kind: 'refs'; changes: RefChange[] }
  | PullRequestEvent
  | { kind: 'release'; tag: string; action: string }
  /** A request to build a commit or the newest commit of a branch, from the generic webhook. */
  | { kind: 'trigger'; project?: string; commit?: string; branch?: string }
  | { kind: 'ping' }
  /** A valid delivery that needs no build. */
  | { kind: 'other'; why: string }

/** What a verified delivery says. It is only a hint: git decides what a ref of the configured repository is. */
export type ForgeEvent = Said & {
  /** The forge's id of the delivery. A repeated delivery has the same id. */
  deliveryId: string
  /** All addresses of the repository in the delivery. Compare each of them with sameRepository. */
  repositoryUrls: string[]
}

export interface ReadOptions {
  /** The host of git at a sourcehut instance, because its deliveries do not name it. By default git.sr.ht. */
  sourcehutHost?: string
}

/** A forge: how it signs, and what it sends. */
export interface Forge {
  verify: (signed: Signed) => Verified
  read: (headers: Headers, body: Uint8Array, options: ReadOptions) => ForgeEvent | Malformed
}

/** The value of a header; undefined if the header is missing or was sent twice. */
export const header = (headers: Headers, name: string): string | undefined => {
  const value = headers[name.toLowerCase()]
  return typeof value === 'string' ? value : undefined
}

/** A delivery that is not as its forge documents it. */
export type Malformed = { kind: 'malformed'; where: string; problem: string }

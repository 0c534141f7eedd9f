/** What a forge says about a pull or merge request. The farm reads the commit again with git before it builds. */
export interface PullRequestEvent {
  project: string
  action: 'opened' | 'updated' | 'closed' | 'merged' | 'reopened' | 'other'
  /** The number at the forge. */
  number: number
  title: string
  author: string
  /** The branch with the changes, its newest commit, and the addresses of its repository. */
  head: {
    ref: string
    /** Not every forge says the full name of the commit. */
    commit: string | null
    urls: readonly string[]
  }
  /** The branch into which the changes go. */
  base: { branch: string }
  /** Whether the branch with the changes is in another repository. */
  fork: boolean
  /** The page of the request at the forge. */
  url: string | null
  /** Where the configured repository has the newest commit, such as refs/pull/7/head. Null if only the fork has it. */
  headRef: string | null
  /** Where the configured repository has the merge that the forge made, such as refs/pull/7/merge. */
  mergeRef: string | null
  /** When the request changed at the forge. Absent if the forge does not say so. */
  at?: Date | null | undefined
}

export type PullRequestState = 'open' | 'closed' | 'merged'

export interface KnownPullRequest {
  state: PullRequestState
  headCommit: string
  /** The forge's time of the newest event that said one. */
  forgeAt: Date | null
}

export type EventEffect =
  | { kind: 'ignored'; why: string }
  /** `examine`: the farm must look for a new commit. `end`: the farm must cancel the builds. */
  | { kind: 'changed'; state: PullRequestState; examine: boolean; end: boolean }

type Change = Pick<PullRequestEvent, 'action' | 'head' | 'at'>

/**
 * What an event changes. Events can arrive twice and in another order. A forge that says the time of a change makes an
 * old event visible. Without a time, a closed request opens only when the forge says that somebody opened it again.
 */
export function applyEvent(known: KnownPullRequest | null, { action, head, at }: Change): EventEffect {
  if (known === null) return first(action)
  if (at && known.forgeAt && at < known.forgeAt) return ignored('an older event than one that the farm has')
  const { state } = known
  switch (action) {
    case 'closed':
    case 'merged': {
      const next = action === 'merged' || state === 'merged' ? 'merged' : 'closed'
      return { kind: 'changed', state: next, examine: false, end: state === 'open' }
    }
    case 'reopened':
      if (state === 'merged') return ignored('the request is merged')
      return { kind: 'changed', state: 'open', examine: true, end: false }
    case 'opened':
    case 'updated':
      if (state !== 'open') return ignored(`the request is ${state}`)
      return { kind: 'changed', state, examine: true, end: false }
    case 'other':
      if (state !== 'open') return ignored(`the request is ${state}`)
      return {
        kind: 'changed',
        state,
        examine: isFullCommit(head.commit) && head.commit !== known.headCommit,
        end: false,
      }
  }
}

function first(action: PullRequestEvent['action']): EventEffect {
  // The farm records a closed request, so that a late event about its opening has no effect.
  if (action === 'closed' || action === 'merged') return { kind: 'changed', state: action, examine: false, end: false }
  // Such an event can also be about a closed request.
  if (action === 'other') return ignored('the farm does not know the request yet')
  return { kind: 'changed', state: 'open', examine: true, end: false }
}

/** Some forges send a short commit or none. */
export const isFullCommit = (commit: string | null): commit is string =>
  commit !== null && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)

const ignored = (why: string): EventEffect => ({ kind: 'ignored', why })

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

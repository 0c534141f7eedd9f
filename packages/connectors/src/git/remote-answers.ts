/** The present branches and tags of a repository. */
export interface RemoteRefs {
  kind: 'refs'
  /** Undefined if the server does not name its default branch. */
  defaultBranch: string | undefined
  /** The commit of HEAD. */
  head: string | undefined
  /** The commit of each full name, such as refs/heads/main. For an annotated tag, this is the tagged commit. */
  commits: Map<string, string>
}

export interface Problem {
  kind: 'problem'
  problem: string
  /** The repository answers, but does not have the branch or commit. Another try does not help. */
  absent?: true
  /** The repository is on another machine, and does not answer as it should. A later try can help. */
  unreachable?: true
  /** The bucket of the farm does not answer. A later try can help. */
  storageAway?: true
  /** The pull request cannot be merged into this branch without a decision of its author. */
  conflictsWith?: string
}

export type Fetched = { kind: 'fetched' } | { kind: 'absent' } | Problem

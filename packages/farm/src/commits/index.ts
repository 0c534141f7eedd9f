import type { Contexts } from '../context.ts'
import { between, type CommitRange } from './between.ts'
import { isKnownCommit, type RepositoryCommit, storeCommits } from './store.ts'

export type { CommitRange, CommitRangeKey, CommitView } from './between.ts'
export type { RepositoryCommit } from './store.ts'

/** Commits of the repositories that the farm builds, with their authors. Addresses never contain a secret here. */
export const commitMethods = ({ main, pages }: Contexts) => ({
  /** Stores commits of a repository. A commit that is already stored does not change. */
  store: (repository: string, commits: readonly RepositoryCommit[]) => storeCommits(main, repository, commits),
  isKnown: (repository: string, commit: string) => isKnownCommit(main, repository, commit),
  between: (range: Parameters<typeof between>[1]): Promise<CommitRange> => between(pages, range),
})

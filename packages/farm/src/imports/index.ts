import type { Contexts } from '../context.ts'
import { importBuilds } from './builds.ts'
import { importCommits } from './commits.ts'
import { finishImport } from './finish-import.ts'
import type { ImportedBuild, ImportedCommits, ImportedHost } from './history.ts'
import { importHosts } from './hosts.ts'

export { importedJobsMax } from './builds.ts'
export type { ImportedAttempt, ImportedBuild, ImportedCommits, ImportedHost, ImportedJob } from './history.ts'
export type { ImportOutcome } from './hosts.ts'

/**
 * Fills an empty farm with a history, much faster than its hosts could report it. The caller chooses the ids of hosts,
 * builds and jobs. First call `addHosts`, then `addBuilds` for the active projects, then `finish`, and then
 * `matrix.applyHistory` for each branch, which derives the cells.
 */
export const importMethods = ({ tasks }: Contexts) => ({
  addHosts: (hosts: readonly ImportedHost[]) => importHosts(tasks, hosts),
  /** At most `importedJobsMax` jobs, unless it is one build. */
  addBuilds: (builds: readonly ImportedBuild[]) => importBuilds(tasks, builds),
  addCommits: (commits: ImportedCommits) => importCommits(tasks, commits),
  finish: () => finishImport(tasks),
})

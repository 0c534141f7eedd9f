import { jobIdMax, type ProjectKeep } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { deleteFiles } from './delete-files.ts'
import { expireBuilds } from './expire-builds.ts'
import { expireFiles } from './expire-files.ts'
import { expiredBuild, expiredJob } from './expired-builds.ts'
import { deleteOldRows } from './old-rows.ts'
import { previewExpiry } from './preview.ts'
import { type ProjectToKeep, projectsWithKeep, waitsUntil } from './rounds.ts'

export type { Expired } from './expired.rule.ts'
export type { ExpiringData, ExpiryPreview } from './preview.ts'
export type { ProjectToKeep } from './rounds.ts'

/** PostgreSQL rejects a query with a larger id. */
const idMax = 2_147_483_647

/** `keep` of farm.yaml: the farm deletes old data, a few builds in each transaction. */
export const retentionMethods = ({ main, pages, listing }: Contexts) => ({
  /** The projects that do not keep everything. */
  projects: () => projectsWithKeep(pages),
  /** Lets files of the next builds of a project expire. Returns whether there can be more to do now. */
  expireFiles: (of: ProjectToKeep) => expireFiles(main, of),
  /** Deletes the next builds of a project that expired. Returns whether there can be more to do now. */
  expireBuilds: (of: ProjectToKeep) => expireBuilds(main, of),
  /** Deletes expired files. Returns whether there are more. */
  deleteFiles: () => deleteFiles(main),
  /** Deletes old messages, invitations, logins and acknowledgements. Returns whether there are more. */
  deleteOldRows: () => deleteOldRows(main),
  /** What would expire now, of the oldest builds after the build `after`. */
  preview: (of: { project: string; keep: ProjectKeep; after: number }) => listing(() => previewExpiry(pages, of)),
  /** When a build, or a job with its build, expired; undefined if the farm did not delete it. */
  findBuild: async (id: number) => (id <= idMax ? expiredBuild(pages, id) : undefined),
  findJob: async (id: number) => (id <= jobIdMax ? expiredJob(pages, id) : undefined),
  /** When the farm may delete the first data under the present `keep`; null if it may now. */
  waitsUntil: (of: ProjectToKeep) => waitsUntil(pages, of),
})

import { jobIdMax, type RetrySelection } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { buildEffects } from './build-effects.ts'
import { findBuild, listBuilds, searchBuilds } from './build-queries.ts'
import { cancelBuild, cancelJob } from './cancel.ts'
import { type JobFilter, wantsOnlyOpen } from './job-filter.rule.ts'
import { listJobs } from './job-pages.ts'
import { findJob } from './job-queries.ts'
import { type BuildRequest, requestBuild } from './request-build.ts'
import { type RetryOptions, retryBuild, retryJob, retryLost } from './retry.ts'
import {
  listUnprepared,
  markSourcesFailed,
  markSourcesReady,
  type PreparedSources,
  postponeSources,
  reopenSources,
  type SourcesProblem,
} from './sources.ts'

export type { Effect } from './build-effects.rule.ts'
export type { BuildEffects, JobEffect } from './build-effects.ts'
export { type BuildBox, type BuildGrid, buildGrid, type GridJob } from './build-grid.rule.ts'
export type { BuildSummary, BuildView } from './build-queries.ts'
export type { CancelOutcome } from './cancel.ts'
export type { JobFilter } from './job-filter.rule.ts'
export type { JobSummary } from './job-pages.ts'
export type { ArtifactView, AttemptView, JobView } from './job-queries.ts'
export type { Recipe, WantedCells } from './plan.rule.ts'
export type { PreparedSource } from './prepared-source.ts'
export type { BuildRequest, BuildSubject, RequestOutcome } from './request-build.ts'
export type { RefusedRetry } from './retry.rule.ts'
export type { Retries, RetriesOutcome, RetryOptions, RetryOutcome } from './retry.ts'
export type { SourceChange } from './source-changes.ts'

/** Requests for builds, builds and their jobs. */
export const buildMethods = ({ main, pages, listing, history }: Contexts) => ({
  /** Makes a build with all its jobs. A repeated delivery or a repeated commit makes no second build. */
  request: (request: BuildRequest) => requestBuild(main, request),
  markSourcesReady: (buildId: number, prepared: PreparedSources) => markSourcesReady(main, buildId, prepared),
  /** `conflictsWith`: the branch with which the pull request of the build conflicts. */
  markSourcesFailed: (buildId: number, message: string, options: { conflictsWith?: string | undefined } = {}) =>
    markSourcesFailed(main, buildId, message, options),
  /** Tries to prepare the sources again later, or gives up. */
  postponeSources: (buildId: number, problem: SourcesProblem) => postponeSources(main, buildId, problem),
  /** If the sources of a build failed, the farm prepares them again. */
  reopenSources: (buildId: number) => reopenSources(main, buildId),
  /** The ids of builds whose sources are not prepared yet. */
  listUnprepared: () => listUnprepared(main),

  /** `by` is the name of the person's token. The pages show it. */
  cancel: async (buildId: number, by?: string) => (canBeId(buildId) ? cancelBuild(main, buildId, by) : unknown),
  cancelJob: async (jobId: number, by?: string) => (isJobId(jobId) ? cancelJob(main, jobId, by) : unknown),
  /** Runs a finished job again, with the same recipe and sources. */
  retryJob: async (jobId: number) => (isJobId(jobId) ? retryJob(main, jobId) : unknown),
  /** Runs the selected finished jobs of a build again. A repeated request adds no second attempt to a job. */
  retry: async (buildId: number, options: RetryOptions & { which: RetrySelection }) =>
    canBeId(buildId) ? retryBuild(main, buildId, options) : unknown,
  /** Runs the jobs again that were lost in the last days, of one project or of all. */
  retryLost: (options: RetryOptions & { project?: string | undefined }) => retryLost(main, options),

  /** The builds with this number, or with a commit that starts with this text. */
  search: (wanted: Parameters<typeof searchBuilds>[1]) => history(() => searchBuilds(pages, wanted)),
  list: (filter: Parameters<typeof listBuilds>[1]) => history(() => listBuilds(pages, filter)),
  find: async (id: number) => (canBeId(id) ? findBuild(pages, id) : undefined),
  /** What a build broke and fixed, and the changes of its sources. Empty if no branch has its commit. */
  effects: async (id: number) => listing(() => buildEffects(pages, id)),
  /** Jobs that have not ended are not history, so they never come from a replica. */
  listJobs: async (filter: JobFilter) => {
    const list = wantsOnlyOpen(filter) ? listing : history
    return canBeId(filter.buildId ?? 1) ? list(() => listJobs(pages, filter)) : []
  },
  findJob: async (id: number) => (isJobId(id) ? findJob(pages, id) : undefined),
})

/** This is PostgreSQL's largest integer. PostgreSQL rejects a query with a larger id. */
const canBeId = (id: number): boolean => id <= 2_147_483_647
const isJobId = (id: number): boolean => id <= jobIdMax
const unknown = { kind: 'unknown' } as const

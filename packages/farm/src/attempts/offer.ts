import { attemptName, type BuildKind } from '@rumpfarm/contracts'
import { type Recipe, uploadsOf } from '../builds/plan.rule.ts'
import type { PreparedSource } from '../builds/prepared-source.ts'
import { branchOfJob, joinJobAndBuild, joinRecipe } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { offeredFilesMax } from './artifact-room.rule.ts'
import { cacheOf } from './cache.rule.ts'

/** The data that a host needs to run an attempt. */
export interface Offer {
  attempt: string
  jobId: number
  buildId: number
  lease: string
  project: string
  commit: string
  branch: string | null
  /** The tag of a build of a tag; otherwise null. */
  tag: string | null
  /** The number at the forge of the pull request that the build builds; otherwise null. */
  pullRequest: number | null
  kind: BuildKind
  /** Whether the code comes from somebody who cannot push to the repository. */
  fork: boolean
  arch: string
  variant: string
  recipe: Recipe
  /** The paths and patterns of the files that the host sends after the steps. */
  uploads: string[]
  /** How many files the host may offer. */
  uploadsMax: number
  /** The paths that the host keeps from one job to the next. */
  cache: string[]
  sources: PreparedSource[]
}

export interface OfferRow extends Omit<Offer, 'attempt' | 'sources' | 'uploads' | 'uploadsMax' | 'cache'> {
  number: number
  sources: PreparedSource[] | null
}

/** The columns of an OfferRow. The query must name the attempt `a` and contain `offerJoins`. */
export const offerColumns = sql`a."jobId", a."number", a."lease", build."id" AS "buildId", build."projectName" AS "project",
  build."commit", ${branchOfJob} AS "branch", build."tag", build."kind", (a."fork" OR build."fork") AS "fork",
  (SELECT "number" FROM "PullRequest" WHERE "id" = build."pullRequestId") AS "pullRequest", job."arch", job."variant",
  recipe."body" AS "recipe", build."sourcesInfo" AS "sources"`
export const offerJoins = sql`${joinJobAndBuild} ${joinRecipe}`

export const offerOf = ({ jobId, number, sources, ...row }: OfferRow): Offer => ({
  ...row,
  jobId,
  attempt: attemptName({ jobId, number }),
  uploads: uploadsOf(row.recipe),
  uploadsMax: offeredFilesMax(row.recipe),
  cache: cacheOf(row),
  sources: sources ?? [],
})

import type { Context } from '../context.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { PullRequestState } from './apply-event.rule.ts'
import type { Approval } from './approval.rule.ts'

export interface PullRequestView {
  id: number
  project: string
  /** The number at the forge. */
  number: number
  title: string
  author: string
  baseBranch: string
  headBranch: string
  /** The newest commit. Empty until git has read it, if the forge did not say it. */
  headCommit: string
  /** The commit comes from somebody who cannot push to the repository. */
  fork: boolean
  /** The page of the request at the forge. */
  url: string | null
  state: PullRequestState
  openedAt: Date
  changedAt: Date
  closedAt: Date | null
  /** The decision about the newest commit. Null until the farm has read the commit with git. */
  approval: Approval | null
  /** The build of the newest commit. */
  buildId: number | null
  /** Whether this build conflicts with the base branch, so that nothing was built. */
  conflict: boolean
  /** Why the farm could not read the request, and when it tries again. */
  problem: string | null
  nextTryAt: Date | null
}

/** A commit that was the newest of a pull request. */
export interface PullRequestCommitView {
  commit: string
  seenAt: Date
  fork: boolean
  approval: Approval
  decidedAt: Date | null
  decidedBy: string | null
  /** Why the farm cancelled its build. */
  ended: 'superseded' | 'closed' | 'merged' | 'refused' | null
  endedAt: Date | null
  buildId: number | null
}

export type PullRequestFilter = {
  project: string
  /** `waiting`: the open requests whose newest commit needs an approval. */
  state?: PullRequestState | 'waiting' | undefined
  /** Only requests with a smaller id. */
  before?: number | undefined
  limit: number
}

/** The newest build of a commit of a request. A person can build a commit again. */
const newestBuild = (request: Sql, commit: Sql) =>
  sql`(SELECT max("id") FROM "Build" WHERE "pullRequestId" = ${request} AND "commit" = ${commit})`

const columns = sql`request."id", request."projectName" AS "project", request."number", request."title", request."author",
  request."baseBranch", request."headBranch", request."headCommit", request."fork", request."url", request."state", request."openedAt",
  request."changedAt", request."closedAt", seen."approval", request."problem",
  ${newestBuild(sql`request."id"`, sql`request."headCommit"`)} AS "buildId",
  COALESCE((SELECT "sources" = 'failed' AND "sourcesInfo" ->> 'conflictsWith' IS NOT NULL FROM "Build"
             WHERE "id" = ${newestBuild(sql`request."id"`, sql`request."headCommit"`)}), false) AS "conflict",
  CASE WHEN request."problem" IS NOT NULL THEN request."examineAt" END AS "nextTryAt"`
const withNewestCommit = sql`"PullRequest" request
  LEFT JOIN "PullRequestCommit" seen ON seen."pullRequestId" = request."id" AND seen."commit" = request."headCommit"`
const isWaiting = sql`request."state" = 'open' AND seen."approval" = 'waiting'`

/** The requests of a project that the farm saw last, newest first. */
export const listPullRequests = (
  { db }: Context,
  { project, state, before, limit }: PullRequestFilter,
): Promise<PullRequestView[]> => db.query<PullRequestView>`
  SELECT ${columns} FROM ${withNewestCommit}
   WHERE request."projectName" = ${project} AND request."id" < ${before ?? 2147483647} AND ${ofState(state)}
   ORDER BY request."id" DESC LIMIT ${limit}`

function ofState(state: PullRequestFilter['state']): Sql {
  if (state === undefined) return sql`true`
  return state === 'waiting' ? isWaiting : sql`request."state" = ${state}`
}

/** The open requests of all projects whose newest commit an administrator must approve, oldest first. */
export const listWaiting = ({ db }: Context, limit: number): Promise<PullRequestView[]> => db.query<PullRequestView>`
  SELECT ${columns} FROM "PullRequestCommit" seen
    JOIN "PullRequest" request ON request."id" = seen."pullRequestId" AND request."headCommit" = seen."commit"
   WHERE seen."approval" = 'waiting' AND seen."ended" IS NULL AND request."state" = 'open'
   ORDER BY seen."seenAt", seen."pullRequestId" LIMIT ${limit}`

export async function findPullRequest(
  { db }: Context,
  by: { project: string; number: number } | { id: number },
): Promise<PullRequestView | undefined> {
  const which =
    'id' in by
      ? sql`request."id" = ${by.id}`
      : sql`request."projectName" = ${by.project} AND request."number" = ${by.number}`
  const [row] = await db.query<PullRequestView>`SELECT ${columns} FROM ${withNewestCommit} WHERE ${which}`
  return row
}

/** The commits of a request, newest first. */
export const listCommits = ({ db }: Context, id: number, limit: number): Promise<PullRequestCommitView[]> =>
  db.query<PullRequestCommitView>`
    SELECT "commit", "seenAt", "fork", "approval", "decidedAt", "decidedBy", "ended", "endedAt",
           ${newestBuild(sql`seen."pullRequestId"`, sql`seen."commit"`)} AS "buildId"
      FROM "PullRequestCommit" seen WHERE "pullRequestId" = ${id} ORDER BY "seenAt" DESC, "commit" LIMIT ${limit}`

/** What the farm must merge for a build of a pull request. Undefined if the build builds something else. */
export interface PullRequestSource {
  number: number
  project: string
  baseBranch: string
  headBranch: string
  headUrls: string[]
  headRef: string | null
  mergeRef: string | null
  /** Whether the commit of the build comes from somebody who cannot push to the repository. */
  fork: boolean
}

export async function sourceOfBuild({ db }: Context, buildId: number): Promise<PullRequestSource | undefined> {
  const [row] = await db.query<PullRequestSource>`
    SELECT request."number", request."projectName" AS "project", request."baseBranch", request."headBranch", request."headUrls",
           request."headRef", request."mergeRef", build."fork"
      FROM "Build" build JOIN "PullRequest" request ON request."id" = build."pullRequestId" WHERE build."id" = ${buildId}`
  return row
}

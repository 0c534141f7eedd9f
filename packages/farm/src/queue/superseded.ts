import type { AttemptState, Verdict } from '@rumpfarm/contracts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Statements } from '../db/client.ts'
import { branchOfJob } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'

interface Attempt {
  jobId: number
  number: number
  buildId: number
}

/**
 * Records that a newer build made these attempts unnecessary. `byBuildId` is null if the newer commit of a pull request
 * has no build yet. A second call changes nothing.
 */
export const recordSuperseded = (
  db: Pick<Statements, 'execute'>,
  attempts: readonly Attempt[],
  byBuildId: number | null,
  at: Date,
): Promise<number> => db.execute`
  INSERT INTO "SupersededAttempt" ("jobId", "number", "buildId", "byBuildId", "at")
  SELECT old.*, ${byBuildId}::int, ${at}
    FROM unnest(${attempts.map(({ jobId }) => jobId)}::bigint[], ${attempts.map(({ number }) => number)}::int[],
                ${attempts.map(({ buildId }) => buildId)}::int[]) AS old
  ON CONFLICT DO NOTHING`

/** The newer build of a row of SupersededAttempt; null if the newer commit of a pull request waits for an approval. */
const newerBuild = (superseded: Sql, build: Sql) => sql`COALESCE(${superseded}."byBuildId",
  (SELECT max("id") FROM "Build" WHERE "pullRequestId" = ${build}."pullRequestId" AND "id" > ${build}."id"))`

/** The newer build that made the attempt `a` of the rows `job` and `build` unnecessary; null if there is none. */
export const supersededBy = sql`(
  SELECT ${newerBuild(sql`superseded`, sql`build`)} FROM "SupersededAttempt" superseded
   WHERE superseded."jobId" = job."id" AND superseded."number" = a."number")`

/** A job that a newer build made unnecessary. */
export interface SupersededJob {
  jobId: number
  buildId: number
  project: string
  branch: string | null
  host: string
  arch: string
  variant: string
  /** A running job can end with another result before its host cancels it. */
  state: AttemptState
  verdict: Verdict | null
  /** One sentence for people. */
  detail: string | null
  /** The newer build; null if a pull request has a newer commit without a build. */
  byBuildId: number | null
  at: Date
}

const shownSeconds = 24 * 3600
/** The query looks at this many of the newest rows before it applies a filter. */
const readMax = 2_000

/** The jobs of the last 24 hours that a newer build made unnecessary, newest first. */
export const listSuperseded = (
  { db, now }: Context,
  { host, project, limit }: { host?: string | undefined; project?: string | undefined; limit: number },
): Promise<SupersededJob[]> => db.query<SupersededJob>`
  SELECT job."id" AS "jobId", build."id" AS "buildId", build."projectName" AS "project", ${branchOfJob} AS "branch",
         host."name" AS "host", job."arch", job."variant", a."state", a."verdict", a."detail",
         ${newerBuild(sql`old`, sql`build`)} AS "byBuildId", old."at"
    FROM (SELECT * FROM "SupersededAttempt" WHERE "at" > ${later(now(), -shownSeconds)} ORDER BY "at" DESC, "jobId" DESC LIMIT ${readMax}) old
    JOIN "Attempt" a ON a."jobId" = old."jobId" AND a."number" = old."number"
    JOIN "Job" job ON job."id" = old."jobId" JOIN "Build" build ON build."id" = job."buildId"
    JOIN "Host" host ON host."id" = job."hostId"
   WHERE (${host ?? null}::text IS NULL OR host."name" = ${host ?? null})
     AND (${project ?? null}::text IS NULL OR build."projectName" = ${project ?? null})
   ORDER BY old."at" DESC, old."jobId" DESC LIMIT ${limit}`

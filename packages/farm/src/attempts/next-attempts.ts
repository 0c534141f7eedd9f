import type { AttemptId } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { isActive, isQueued } from '../db/fragments.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import { inOrder, isAtCap, type NextJob, type Turn } from '../queue/next-job.rule.ts'
import { archIsAble, hostForbidsForks } from './queued-attempts.ts'

/** An attempt that a host may take now. */
export interface NextAttempt extends AttemptId, NextJob {
  /** `jobs-at-once` of the project; null without a limit. */
  cap: number | null
}

interface Row extends NextAttempt, Turn {
  /** How many jobs of the project run on all hosts; 0 if the project has no limit. */
  runningOnAll: number
}

/** The farm looks at the waiting jobs of at most this many projects of a host. */
const projectsMax = 200
/** Several slots of a host can claim at once, so the query returns more than one attempt of each project. */
const ofProjectMax = 3
/** The query skips at most this many attempts of a project, for an arch that the host cannot build for now. */
const skippedMax = 1_000

/** The attempts that the host takes next, in this order. Only the first few of each project are in the list. */
export async function nextAttempts({ db }: Pick<Context, 'db'>, hostId: number): Promise<NextAttempt[]> {
  const rows = await db.query<Row>`${nextAttemptsQuery(hostId)}`
  const allowed = rows.filter(({ cap, runningOnAll }) => !isAtCap(cap, runningOnAll))
  return inOrder(allowed, new Map(allowed.map(({ project, running, lastAt }) => [project, { running, lastAt }])))
}

/**
 * The index `claimable_attempts` has the order of the rows, so the cost does not grow with the number of waiting
 * attempts: PostgreSQL jumps from project to project, and reads the first rows of each.
 */
export const nextAttemptsQuery = (hostId: number): Sql => sql`
  WITH RECURSIVE waiting AS (
    (SELECT "projectName", 1 AS "count" FROM "OpenAttempt" WHERE "hostId" = ${hostId} AND ${isQueued}
      ORDER BY "projectName", "priority" DESC LIMIT 1)
    UNION ALL
    SELECT next."projectName", waiting."count" + 1 FROM waiting CROSS JOIN LATERAL (
      SELECT "projectName" FROM "OpenAttempt"
       WHERE "hostId" = ${hostId} AND ${isQueued} AND "projectName" > waiting."projectName"
       ORDER BY "projectName", "priority" DESC LIMIT 1) next
     WHERE waiting."count" < ${constant(projectsMax)}
  )
  SELECT waiting."projectName" AS "project", first."jobId", first."number", first."priority", first."buildId", turn."lastAt",
         (SELECT count(*)::int FROM "OpenAttempt" one
           WHERE one."hostId" = ${hostId} AND one."projectName" = waiting."projectName" AND ${isActive}) AS "running",
         project."cap", CASE WHEN project."cap" IS NULL THEN 0 ELSE ${runningJobs(sql`waiting."projectName"`)} END AS "runningOnAll"
    FROM waiting JOIN "Host" host ON host."id" = ${hostId}
    JOIN (SELECT "name", ("config" ->> 'jobsAtOnce')::int AS "cap" FROM "Project") project ON project."name" = waiting."projectName"
   CROSS JOIN LATERAL (
     SELECT "jobId", "number", "priority", "buildId" FROM (
       SELECT * FROM "OpenAttempt"
        WHERE "hostId" = ${hostId} AND "projectName" = waiting."projectName" AND ${isQueued}
        ORDER BY "priority" DESC, "buildId" DESC, "jobId" LIMIT ${constant(skippedMax)}) "OpenAttempt"
      WHERE ${archIsAble} AND NOT ${hostForbidsForks}
      ORDER BY "priority" DESC, "buildId" DESC, "jobId" LIMIT ${constant(ofProjectMax)}) first
    LEFT JOIN "HostTurn" turn ON turn."hostId" = ${hostId} AND turn."projectName" = waiting."projectName"`

/** How many jobs of a project run on all hosts. Only as many attempts are active as the farm has slots. */
export const runningJobs = (project: Sql): Sql =>
  sql`(SELECT count(*)::int FROM "OpenAttempt" one WHERE one."projectName" = ${project} AND ${isActive})`

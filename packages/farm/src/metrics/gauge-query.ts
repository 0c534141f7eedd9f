import type { Context } from '../context.ts'
import { isActive, isQueued } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'
import { composeGauges, type GaugeRows, type Gauges } from './gauges.rule.ts'

/** Each count stops at this number, so that the query stays fast if very many jobs wait. */
export const countedMax = 20_000
/** The farm knows at most some thousand hosts; the query reads at most this many. */
const hostsMax = 5_000
/** The query names at most this many projects. */
const projectsMax = 1_000

/** All values for monitoring in one statement. Each part of the statement has an index or a limit. */
export const gaugeQuery: Sql = sql`
  SELECT
    ARRAY(SELECT "name" FROM "Project" WHERE "removedAt" IS NULL ORDER BY "name" LIMIT ${projectsMax}) AS "projects",
    (SELECT COALESCE(json_agg(host), '[]') FROM (
      SELECT "id", "name", "slots", "lastSeenAt", "silentSince", "awaySince", "pausedAt", "refusal", "agentVersion", "diskFreeMb"
        FROM "Host" WHERE "removedAt" IS NULL ORDER BY "name" LIMIT ${hostsMax}) host) AS "hosts",
    (SELECT COALESCE(json_agg(queued), '[]') FROM (
      SELECT "hostId", count(*)::int AS "jobs", min("queuedAt") AS "oldest" FROM (
        SELECT "hostId", "queuedAt" FROM "OpenAttempt" WHERE ${isQueued} ORDER BY "queuedAt", "jobId" LIMIT ${countedMax}) first
       GROUP BY "hostId") queued) AS "queued",
    (SELECT count(*)::int FROM (SELECT FROM "OpenAttempt" WHERE ${isActive} LIMIT ${countedMax}) active) AS "active",
    (SELECT count(*)::int FROM (
      SELECT FROM "OpenAttempt" WHERE "state" = 'waiting' LIMIT ${countedMax}) waiting) AS "waiting",
    (SELECT count(*)::int FROM (SELECT FROM "Build" WHERE "sources" = 'pending' LIMIT ${countedMax}) build) AS "builds",
    (SELECT count(*)::int FROM (SELECT FROM "Examination" LIMIT ${countedMax}) wanted) AS "examinations",
    (SELECT count(*)::int FROM (SELECT FROM "Bisection" WHERE "state" <> 'finished' LIMIT ${countedMax}) open) AS "bisections",
    (SELECT json_build_object('pending', count(*)::int, 'oldest', min("createdAt")) FROM (
      SELECT "createdAt" FROM "Notification" WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL LIMIT ${countedMax}) message) AS "notifications",
    (SELECT json_build_object('pending', count(*)::int, 'oldest', min("changedAt")) FROM (
      SELECT "changedAt" FROM "CommitStatus" WHERE "sentVersion" < "version" AND "gaveUpAt" IS NULL LIMIT ${countedMax}) status) AS "commitStatuses",
    EXISTS (SELECT FROM "Configuration" WHERE "problems" IS NOT NULL) AS "farmFileErrors",
    (SELECT "lastAt" FROM "SilenceCheck") AS "silenceCheckAt",
    pg_database_size(current_database())::float8 AS "databaseBytes"`

export async function readGauges({ db, now, settings }: Context): Promise<Gauges> {
  const [rows] = await db.query<GaugeRows>`${gaugeQuery}`
  if (!rows) throw new Error('the query for monitoring returned no row')
  return composeGauges(rows, now(), settings.agentVersionMin)
}

import { attemptName, type StepEnd } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { isQueued } from '../db/fragments.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import { isResult } from '../matrix/cell.rule.ts'
import { deriveCells, lockCell, lockProject } from '../matrix/cells.ts'
import { announceCompleteBuilds, announcesBuilds } from '../notifications/builds.ts'
import { recentJobsMax } from '../queue/slow-host.rule.ts'
import { hasStatus, noteStatusChanges, sendsStatuses } from '../statuses/changes.ts'
import { addAttempts } from './add-attempts.ts'
import type { AttemptEnd } from './ends.rule.ts'
import { queuedOf } from './queued-attempts.ts'

/** The values that a host reports when it finishes an attempt. */
export interface HostReport {
  steps: (StepEnd & { name: string })[]
  logBytes: number
  logSum: string
  /** The complete artifacts. The farm drops all other artifacts of the attempt. */
  artifacts: StoredArtifact[]
  artifactNote: string | null
  compiler: string | null
  /** Whether the recipe names artifacts or test results. */
  has: RecipeFiles
}

/** What the end of an attempt must look for. A recipe never changes, so a server may remember this. */
export interface RecipeFiles {
  artifacts: boolean
  testResults: boolean
}

export interface StoredArtifact {
  name: string
  sum: string
  sha256: string
}

/** The attempts that end: one attempt, or all attempts for which the condition is true. */
export type Selection = { kind: 'one' | 'many'; where: Sql }

export interface EndedRow {
  jobId: number
  number: number
  hostId: number
  purpose: string
  arch: string
  variant: string
  buildId: number
  projectName: string
  commit: string
  /** What the build builds. Only a build of the kind `branch` changes cells. */
  kind: string
  priority: number
  fork: boolean
  /** How many jobs of the project may run at the same time; null without a limit. */
  cap: number | null
  /** How many attempts the recipe allows if each attempt is lost. */
  attempts: number
  /** The names of the artifacts that were not complete. Their rows are deleted. */
  dropped: string[]
  /** Whether the farm must examine the log or the test results of the attempt. */
  examine: boolean
  queuedAt: Date
  leasedAt: Date | null
  startedAt: Date | null
  finishedAt: Date
  /** Whether a forge shows the status of the commit. */
  status: boolean
  /** Whether a channel wants a message about each complete build. */
  announced: boolean
}

/**
 * Ends the selected attempts and derives their cells in the caller's transaction, so that no reader sees a verdict
 * without its cell. A lost attempt gets a successor if the recipe allows one. Call this function only once in a
 * transaction, because a second call would wait for rows while the transaction holds the locks of the first call.
 */
export async function endAttempts(
  context: Context,
  tx: Tx,
  selection: Selection,
  end: AttemptEnd,
  report?: HostReport,
): Promise<EndedRow[]> {
  const ended = await endRows(context, tx, selection, end, report)
  const changed = ended
    .filter(({ kind, purpose }) => kind === 'branch' && purpose !== 'probe')
    .map(({ projectName, commit, hostId, arch, variant }) => ({
      projectName,
      commit,
      branch: null,
      hostId,
      arch,
      variant,
    }))
  await deriveCells(tx, changed, isResult(end.verdict) ? 'all' : 'without-result')
  const successors = end.verdict === 'lost' ? await addSuccessors(context, tx, ended) : []
  await announceCompleteBuilds(
    tx,
    ended.filter(({ examine, announced }) => announced && !examine).map(({ buildId }) => buildId),
  )
  for (const row of ended) {
    tx.afterCommit(() => {
      // If the storage fails, the files stay, and no page shows them.
      for (const name of row.dropped) context.artifacts.remove({ ...row, name }).catch(() => undefined)
    })
    const { jobId, buildId, projectName } = row
    const attempt = attemptName(row)
    tx.emit({ kind: 'revoked', attempt })
    tx.emit({ kind: 'attempt', attempt, jobId, buildId, projectName, verdict: end.verdict, seconds: secondsOf(row) })
    if (row.examine) tx.emit({ kind: 'examine-needed', attempt })
    if (row.purpose === 'probe') tx.emit({ kind: 'probe-ended', attempt })
  }
  for (const hostId of await hostsOfCappedProjects(tx, ended)) tx.emit({ kind: 'host', hostId })
  await noteStatusChanges(
    tx,
    ended.filter(({ status }) => status).map(({ buildId }) => buildId),
  )
  const unclaimed = ended.filter(({ leasedAt }) => leasedAt === null)
  if (unclaimed.length > 0) tx.emit({ kind: 'unqueued', attempts: unclaimed.map(queuedOf) })
  if (successors.length > 0) tx.emit({ kind: 'queued', attempts: successors })
  return ended
}

/** Hosts with waiting jobs of a project that had as many running jobs as `jobs-at-once` allows. */
async function hostsOfCappedProjects(tx: Tx, ended: readonly EndedRow[]): Promise<number[]> {
  const projects = [...new Set(ended.filter(({ cap }) => cap !== null).map(({ projectName }) => projectName))]
  if (projects.length === 0) return []
  const hosts = await tx.query<{ id: number }>`
    SELECT host."id" FROM "Host" host
     WHERE host."removedAt" IS NULL AND EXISTS (
       SELECT FROM "OpenAttempt" WHERE "hostId" = host."id" AND ${isQueued} AND "projectName" = ANY(${projects}))`
  return hosts.map(({ id }) => id)
}

const secondsOf = ({ queuedAt, leasedAt, startedAt, finishedAt }: EndedRow) => ({
  waited: leasedAt && (leasedAt.getTime() - queuedAt.getTime()) / 1000,
  ran: startedAt && (finishedAt.getTime() - startedAt.getTime()) / 1000,
})

/** Two commands that end several of the same attempts would block each other if they locked them in different orders. */
const lockedInOrder = (where: Sql): Sql => sql`
  locked AS (SELECT "jobId" FROM "OpenAttempt" WHERE ${where} ORDER BY "jobId" FOR UPDATE),`
const isLocked = sql`"jobId" IN (SELECT "jobId" FROM locked)`

/** PostgreSQL's largest integer. */
const millisecondsMax = 2_147_483_647

/** What else a statement that ends attempts must do. Each part costs PostgreSQL time, even if it finds no rows. */
interface Parts {
  /** Some attempts may have artifacts. */
  artifacts: boolean
  /** Some attempts may need an examination. */
  examination: boolean
  /** The attempts ended with a result, so their durations count. */
  duration: boolean
}

const partsOf = ({ verdict }: AttemptEnd, report: HostReport | undefined): Parts => ({
  artifacts: report?.has.artifacts ?? true,
  examination: verdict === 'failed' || verdict === 'timed-out' || (report?.has.testResults ?? true),
  duration: isResult(verdict),
})

function endRows({ now }: Context, tx: Tx, { kind, where }: Selection, end: AttemptEnd, report?: HostReport) {
  const { artifacts, examination, duration } = partsOf(end, report)
  return tx.query<EndedRow>`
    WITH ${kind === 'one' ? sql`` : lockedInOrder(where)} open AS (
      DELETE FROM "OpenAttempt" WHERE ${kind === 'one' ? where : isLocked} RETURNING *
    ), ended AS (
      INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "priority", "fork", "projectName", "buildId", "purpose",
             "queuedAt", "slot", "lease", "leasedAt", "startedAt", "cancelRequestedAt", "finishedAt", "verdict", "failedStep",
             "reason", "detail", "steps", "logBytes", "logSum", "artifactNote", "compiler")
      SELECT "jobId", "number", "hostId", "priority", "fork", "projectName", "buildId", "purpose",
             "queuedAt", "slot", "lease", "leasedAt", "startedAt", "cancelRequestedAt", ${now()}, ${end.verdict}, ${end.failedStep},
             ${end.reason}, CASE WHEN ${end.verdict}::text = 'cancelled' THEN COALESCE("detail", ${end.detail}::text) ELSE ${end.detail}::text END,
             COALESCE(${report ? JSON.stringify(report.steps) : null}::jsonb, "steps"), ${report?.logBytes ?? 0}::bigint,
             ${report?.logSum ?? null}, ${report?.artifactNote ?? null}, ${report?.compiler ?? null}
        FROM open
      RETURNING "jobId", "number", "hostId", "purpose", "buildId", "projectName", "priority", "fork", "queuedAt", "leasedAt",
                "startedAt", "finishedAt", "verdict"
    ), placed AS (
      SELECT ended.*, job."arch", job."variant", job."recipeHash", build."commit", build."kind",
             (project."config" ->> 'jobsAtOnce')::int AS "cap", ${hasStatus} AND ${sendsStatuses} AS "status"
        FROM ended JOIN "Job" job ON job."id" = ended."jobId" JOIN "Build" build ON build."id" = job."buildId"
        JOIN "Project" project ON project."name" = build."projectName"
       ${kind === 'one' ? sql`` : sql`ORDER BY ended."projectName"`}
    ), settled AS (
      UPDATE "Job" job SET "status" = ended."verdict" FROM ended WHERE job."id" = ended."jobId"
    ) ${examination ? examined(now()) : sql``} ${duration ? measured : sql``} ${artifacts ? storedArtifacts(now(), report) : sql``}
    SELECT "jobId", "number", "hostId", "purpose", "arch", "variant", "buildId", "projectName", "commit", "kind", "priority", "fork",
           "queuedAt", "leasedAt", "startedAt", "finishedAt", "cap", "status",
           ${end.verdict === 'lost' ? attemptsOfRecipe : sql`0`} AS "attempts",
           ${artifacts ? droppedNames : sql`'{}'::text[]`} AS "dropped", ${examination ? isExamined : sql`false`} AS "examine",
           ${announcesBuilds} AS "announced",
           ${kind === 'one' ? lockCell : lockProject} AS "lock"
      FROM placed`
}

const examined = (at: Date): Sql => sql`, examined AS (
      INSERT INTO "Examination" ("jobId", "number", "wantedAt")
      SELECT "jobId", "number", ${at} FROM placed
       WHERE "verdict" IN ('failed', 'timed-out')
          OR (SELECT "body" -> 'results' IS NOT NULL FROM "Recipe" WHERE "hash" = "recipeHash")
      RETURNING "jobId", "number"
    )`

const isExamined = sql`
  EXISTS (SELECT FROM examined WHERE examined."jobId" = placed."jobId" AND examined."number" = placed."number")`

/** The durations of the newest results of a host decide whether it is slow. Only one attempt at a time ends with a result. */
const measured = sql`, measured AS (
      UPDATE "Host" host SET "recentJobMs" = (LEAST(extract(epoch FROM ended."finishedAt" - COALESCE(ended."startedAt", ended."leasedAt"))
               * 1000, ${constant(millisecondsMax)})::int || host."recentJobMs")[1:${constant(recentJobsMax)}]
        FROM ended
       WHERE host."id" = ended."hostId" AND ended."purpose" <> 'probe' AND ended."leasedAt" IS NOT NULL
    )`

const storedArtifacts = (at: Date, report: HostReport | undefined): Sql => sql`, stored AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(report?.artifacts ?? [])}::jsonb)
          AS stored("name" text, "sum" text, "sha256" text)
    ), sealed AS (
      UPDATE "Artifact" artifact SET "sealedAt" = ${at}, "sum" = stored."sum", "sha256" = stored."sha256"
        FROM ended, stored
       WHERE artifact."jobId" = ended."jobId" AND artifact."number" = ended."number" AND artifact."name" = stored."name"
    ), dropped AS (
      DELETE FROM "Artifact" artifact USING ended
       WHERE artifact."jobId" = ended."jobId" AND artifact."number" = ended."number"
         AND NOT EXISTS (SELECT FROM stored WHERE stored."name" = artifact."name")
      RETURNING artifact.*
    )`

const droppedNames = sql`
  ARRAY(SELECT "name" FROM dropped WHERE dropped."jobId" = placed."jobId" AND dropped."number" = placed."number")`
const attemptsOfRecipe = sql`(SELECT ("body" #>> '{limits,attempts}')::int FROM "Recipe" WHERE "hash" = "recipeHash")`

async function addSuccessors({ now }: Context, tx: Tx, ended: EndedRow[]) {
  const next = ended
    .filter(row => row.number < row.attempts)
    .map(({ jobId, number, hostId, purpose, priority, fork, projectName, buildId }) => ({
      jobId,
      number: number + 1,
      hostId,
      priority,
      fork,
      projectName,
      buildId,
      purpose: purpose === 'probe' ? 'probe' : 'lost',
    }))
  if (next.length === 0) return []
  const added = await addAttempts(
    tx,
    sql`
      SELECT next.*, 'queued' AS "state", ${now()}::timestamptz AS "queuedAt"
        FROM jsonb_to_recordset(${JSON.stringify(next)}::jsonb)
          AS next("jobId" bigint, "number" int, "hostId" int, "purpose" text, "priority" int, "fork" boolean, "projectName" text, "buildId" int)`,
  )
  return added.map(queuedOf)
}

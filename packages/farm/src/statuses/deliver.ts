import type { ProjectStatus, StatusState } from '@rumpfarm/contracts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { leaseSeconds, nextTry, pauseSeconds } from './waits.rule.ts'

/** A status to send now. */
export interface DueStatus {
  id: number
  version: number
  project: string
  commit: string
  branch: string | null
  api: string
  repository: string
  context: string
  /** Null if the commit of a pull request has no build; then `pullRequest` is its number at the forge. */
  buildId: number | null
  jobId: number | null
  pullRequest: number | null
  state: StatusState
  description: string
  /** The entry of farm.yaml that names the forge; null if farm.yaml does not name it any more. */
  forge: ProjectStatus | null
}

const isToSend = sql`status."sentVersion" < status."version" AND status."gaveUpAt" IS NULL`

/**
 * Takes the oldest status to send of each API whose turn it is. Until the outcome is recorded, or for `leaseSeconds`, no
 * server takes another status of this API.
 */
export async function takeDueStatuses(context: Context): Promise<DueStatus[]> {
  const at = context.now()
  const rows = await context.db.query<Omit<DueStatus, 'forge'>>`
    WITH due AS (
      SELECT DISTINCT ON (status."api") status."id", status."api"
        FROM "CommitStatus" status LEFT JOIN "StatusForge" forge ON forge."api" = status."api"
       WHERE ${isToSend} AND status."nextAt" <= ${at} AND (forge."nextAt" IS NULL OR forge."nextAt" <= ${at})
       ORDER BY status."api", status."nextAt", status."id"
    ), turn AS (
      INSERT INTO "StatusForge" AS forge ("api", "nextAt") SELECT "api", ${later(at, leaseSeconds)} FROM due
      ON CONFLICT ("api") DO UPDATE SET "nextAt" = EXCLUDED."nextAt" WHERE forge."nextAt" <= ${at}
      RETURNING "api"
    )
    UPDATE "CommitStatus" status SET "tries" = status."tries" + 1
      FROM due JOIN turn ON turn."api" = due."api"
     WHERE status."id" = due."id" AND ${isToSend}
    RETURNING status."id", status."version", status."projectName" AS "project", status."commit", status."branch", status."api",
              status."repository", status."context", status."buildId", status."jobId",
              status."pullRequest", status."state", status."description"`
  if (rows.length === 0) return []
  const projects = await projectConfigs(context)
  return rows.map(row => ({ ...row, forge: entryOf(projects.get(row.project)?.status, row) }))
}

const entryOf = (entries: readonly ProjectStatus[] | undefined, { api, repository }: Omit<DueStatus, 'forge'>) =>
  entries?.find(entry => entry.api === api && entry.repository === repository) ?? null

/** Records that the forge has this version. If the wanted state changed meanwhile, the farm sends the newer version. */
export async function markStatusSent(context: Context, { id, version, api }: DueStatus): Promise<void> {
  const at = context.now()
  await inTransaction(context, async tx => {
    await waitAtForge(tx, api, later(at, pauseSeconds))
    await tx.execute`
      UPDATE "CommitStatus" SET "sentVersion" = ${version}, "sentAt" = ${at}, "tries" = 0,
             "problem" = CASE WHEN "version" = ${version} THEN NULL ELSE "problem" END
       WHERE "id" = ${id} AND "sentVersion" < ${version}`
    tx.emit({ kind: 'pages-changed' })
  })
}

/** Call this before you change a status: `takeDueStatuses` locks the forge first, too. */
async function waitAtForge(tx: Tx, api: string, until: Date): Promise<void> {
  await tx.execute`UPDATE "StatusForge" SET "nextAt" = ${until} WHERE "api" = ${api}`
}

export interface StatusFailure {
  problem: string
  /** Whether a further try would fail too. */
  permanent: boolean
  /** The forge accepts no request for this time. */
  limitedSeconds?: number | undefined
}

/** Records why a status was not sent, and when the farm tries again. A newer wanted state does not wait. */
export async function markStatusFailed(
  context: Context,
  { id, version, api }: DueStatus,
  { problem, permanent, limitedSeconds }: StatusFailure,
): Promise<void> {
  const at = context.now()
  await inTransaction(context, async tx => {
    await waitAtForge(tx, api, later(at, limitedSeconds ?? pauseSeconds))
    const [row] = await tx.query<{ tries: number; changedAt: Date }>`
      SELECT "tries", "changedAt" FROM "CommitStatus" WHERE "id" = ${id} AND "version" = ${version} FOR UPDATE`
    if (row) {
      // A rate limit is not a failed try: the forge did not look at the status.
      const limited = limitedSeconds !== undefined
      const next = limited ? later(at, limitedSeconds) : nextTry(row.tries, row.changedAt, at)
      const givesUp = permanent || next === undefined
      await tx.execute`
        UPDATE "CommitStatus" SET "problem" = ${problem}, "gaveUpAt" = ${givesUp ? at : null}::timestamptz,
               "nextAt" = COALESCE(${next ?? null}::timestamptz, "nextAt"), "tries" = "tries" - ${limited ? 1 : 0}::int
         WHERE "id" = ${id}`
      tx.emit({ kind: 'pages-changed' })
    }
  })
}

/** When the next status can be sent; undefined if none waits. */
export async function nextStatusAt({ db }: Context): Promise<Date | undefined> {
  const [row] = await db.query<{ at: Date | null }>`
    SELECT min(GREATEST(status."nextAt", forge."nextAt")) AS "at"
      FROM "CommitStatus" status LEFT JOIN "StatusForge" forge ON forge."api" = status."api" WHERE ${isToSend}`
  return row?.at ?? undefined
}

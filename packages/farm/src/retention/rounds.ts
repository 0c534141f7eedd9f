import type { ProjectKeep } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import { daysBefore } from './expiry.rule.ts'

/** files: logs and artifacts. */
export type RoundWhat = 'files' | 'builds'

export interface Round {
  lastBuildId: number
  whole: boolean
}

/** After a change of `keep`, the farm waits this long before it deletes, so that a person can correct a mistake. */
export const graceSeconds = 86_400
/** A new round begins this long after the one before. */
const roundSeconds = 86_400

interface Row extends Round {
  same: boolean
  keepSince: Date
  startedAt: Date
  endedAt: Date | null
}

export interface ProjectToKeep {
  project: string
  keep: ProjectKeep
}

/** The projects that do not keep everything, also those that left farm.yaml. */
export const projectsWithKeep = ({ db }: Pick<Context, 'db'>): Promise<ProjectToKeep[]> =>
  db.query<ProjectToKeep>`
    SELECT "name" AS "project", "config" -> 'keep' AS "keep" FROM "Project" WHERE "config" -> 'keep' IS NOT NULL ORDER BY "name"`

/**
 * The round of the project that goes on, or the next one if it is due; otherwise undefined. The lock on its row lets one
 * server at a time look at a project.
 */
export async function openRound(tx: Tx, { project, keep }: ProjectToKeep, what: RoundWhat): Promise<Round | undefined> {
  const [at, text] = [tx.now(), JSON.stringify(keep)]
  await tx.execute`
    INSERT INTO "RetentionRound" ("projectName", "what", "keep", "keepSince", "startedAt")
    VALUES (${project}, ${what}, ${text}::jsonb, ${at}, ${at}) ON CONFLICT DO NOTHING`
  const [row] = await tx.query<Row>`
    SELECT "lastBuildId", "whole", "keepSince", "startedAt", "endedAt", "keep" = ${text}::jsonb AS "same"
      FROM "RetentionRound" WHERE "projectName" = ${project} AND "what" = ${what} FOR UPDATE SKIP LOCKED`
  if (!row) return undefined
  if (!row.same) {
    await tx.execute`
      UPDATE "RetentionRound" SET "keep" = ${text}::jsonb, "keepSince" = ${at}, "whole" = true, "lastBuildId" = 0,
             "startedAt" = ${at}, "endedAt" = NULL
       WHERE "projectName" = ${project} AND "what" = ${what}`
    return undefined
  }
  if (row.keepSince > daysBefore(at, graceSeconds / 86_400)) return undefined
  if (row.endedAt === null) return row
  if (row.startedAt > daysBefore(at, roundSeconds / 86_400)) return undefined
  await tx.execute`
    UPDATE "RetentionRound" SET "whole" = false, "lastBuildId" = 0, "startedAt" = ${at}, "endedAt" = NULL
     WHERE "projectName" = ${project} AND "what" = ${what}`
  return { lastBuildId: 0, whole: false }
}

/** Stores how far the round is. Without `lastBuildId`, the round has ended. */
export async function moveRound(
  tx: Tx,
  project: string,
  what: RoundWhat,
  lastBuildId: number | undefined,
): Promise<void> {
  await tx.execute`
    UPDATE "RetentionRound" SET "lastBuildId" = COALESCE(${lastBuildId ?? null}::int, "lastBuildId"),
           "endedAt" = CASE WHEN ${lastBuildId === undefined} THEN ${tx.now()}::timestamptz END
     WHERE "projectName" = ${project} AND "what" = ${what}`
}

/** When the farm may delete the first data under the present `keep`; null if it may now. */
export async function waitsUntil({ db, now }: Context, { project, keep }: ProjectToKeep): Promise<Date | null> {
  const [row] = await db.query<{ keepSince: Date }>`
    SELECT "keepSince" FROM "RetentionRound"
     WHERE "projectName" = ${project} AND "what" = 'files' AND "keep" = ${JSON.stringify(keep)}::jsonb`
  const until = daysBefore(row?.keepSince ?? now(), -graceSeconds / 86_400)
  return until > now() ? until : null
}

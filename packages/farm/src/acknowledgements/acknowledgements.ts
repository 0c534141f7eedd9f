import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { withEvents } from '../db/transaction.ts'
import type { Acknowledgement } from './acknowledged.rule.ts'

/** A failing cell, or the failure of any cell of the project. */
export type Acknowledged =
  | { kind: 'cell'; branch: string; host: string; arch: string; variant: string }
  | { kind: 'fingerprint'; fingerprint: string }

export interface NewAcknowledgement {
  project: string
  of: Acknowledged
  note: string
  owner: string
  /** The address of a bug report. */
  link?: string | undefined
  /** 1 to 365. */
  days: number
}

export type AcknowledgeOutcome =
  | { kind: 'acknowledged'; id: number }
  /** The cell does not exist or does not fail, or no failure of the project has this fingerprint. */
  | { kind: 'not-failing' }

/** Records that a person knows a failure. The farm keeps the fingerprint that the failure of the cell has now. */
export async function acknowledge(context: Context, wanted: NewAcknowledgement): Promise<AcknowledgeOutcome> {
  const at = context.now()
  const { project, note, owner, link = null, days } = wanted
  const found =
    wanted.of.kind === 'cell'
      ? sql`SELECT "fingerprint", "branch", "hostId", "arch", "variant" FROM "Cell"
             WHERE "projectName" = ${project} AND "branch" = ${wanted.of.branch} AND "arch" = ${wanted.of.arch}
               AND "hostId" = (SELECT "id" FROM "Host" WHERE "name" = ${wanted.of.host})
               AND "variant" = ${wanted.of.variant} AND "verdict" IN ('failed', 'timed-out')`
      : sql`SELECT "fingerprint", NULL::text AS "branch", NULL::int AS "hostId", NULL::text AS "arch", NULL::text AS "variant"
              FROM "Failure" WHERE "projectName" = ${project} AND "fingerprint" = ${wanted.of.fingerprint} LIMIT 1`
  const [added] = await withEvents(
    context,
    db => db.query<{ id: number }>`
      INSERT INTO "Acknowledgement" ("projectName", "kind", "fingerprint", "branch", "hostId", "arch", "variant",
             "note", "owner", "link", "createdAt", "expiresAt")
      SELECT ${project}, ${wanted.of.kind}, found.*, ${note}, ${owner}, ${link}, ${at}, ${later(at, days * 86_400)}
        FROM (${found}) found
      RETURNING "id"`,
    rows => (rows.length > 0 ? [{ kind: 'acknowledgements-changed', project }] : []),
  )
  return added ? { kind: 'acknowledged', id: added.id } : { kind: 'not-failing' }
}

/** Ends an acknowledgement, so that the failure counts again. Returns false if it has already ended or expired. */
export async function endAcknowledgement(context: Context, id: number): Promise<boolean> {
  const at = context.now()
  const rows = await withEvents(
    context,
    db => db.query<{ project: string }>`
      UPDATE "Acknowledgement" SET "endedAt" = ${at}
       WHERE "id" = ${id} AND "endedAt" IS NULL AND "expiresAt" > ${at} RETURNING "projectName" AS "project"`,
    ended => ended.map(({ project }) => ({ kind: 'acknowledgements-changed', project })),
  )
  return rows.length > 0
}

/** The acknowledgements of these projects that have neither ended nor expired, newest first; at most 1,000. */
export const activeAcknowledgements = (
  { db, now }: Context,
  projects: readonly string[],
): Promise<Acknowledgement[]> => db.query<Acknowledgement>`
  SELECT acknowledged."id", "projectName" AS "project", "kind", "fingerprint", "branch", host."name" AS "host", "arch",
         "variant", "note", "owner", "link", "createdAt", "expiresAt"
    FROM "Acknowledgement" acknowledged LEFT JOIN "Host" host ON host."id" = acknowledged."hostId"
   WHERE "projectName" = ANY(${projects}) AND "expiresAt" > ${now()} AND "endedAt" IS NULL
   ORDER BY acknowledged."id" DESC LIMIT ${activeMax}`

const activeMax = 1000

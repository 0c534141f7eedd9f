import type { Context } from '../context.ts'
import type { DeliveryOutcome, DeliveryResult } from './outcome.rule.ts'

/** A delivery in a list, without its headers and body. */
export interface DeliverySummary {
  id: number
  sender: string
  deliveryId: string | null
  event: string
  receivedAt: Date
  times: number
  projects: string[]
  outcome: DeliveryOutcome
  reason: string | null
  results: DeliveryResult[]
  tries: number
  /** When the farm tries again; null if the farm has finished with the delivery. */
  nextAt: Date | null
}

export interface DeliveryView extends DeliverySummary {
  /** The projects whose secret signed it; empty for the secret of the whole farm. */
  signedFor: string[]
  headers: Record<string, string>
  /** The beginning of the body. */
  body: string
  bodyBytes: number
  canReplay: boolean
}

export interface DeliveryFilter {
  sender?: string | undefined
  outcome?: string | undefined
  project?: string | undefined
  /** A part of the event, the reason, the id, a commit or a project. */
  text?: string | undefined
  /** Whether the list has deliveries that the farm refused. */
  refused: boolean
  /** The cursor: the list has only deliveries with a smaller id. */
  before?: number | undefined
  limit: number
}

/** The kept deliveries, newest first. The table has at most some thousand rows. */
export const listDeliveries = ({ db }: Context, filter: DeliveryFilter): Promise<DeliverySummary[]> => {
  const { sender = null, outcome = null, project = null, refused, before = 2_147_483_647, limit } = filter
  const text = filter.text ? `%${filter.text.replace(/[\\%_]/g, '\\$&')}%` : null
  return db.query<DeliverySummary>`
    SELECT "id", "sender", "deliveryId", "event", "receivedAt", "times", "projects", "outcome", "reason", "results", "tries", "nextAt"
      FROM "Delivery"
     WHERE "id" < ${before} AND (${sender}::text IS NULL OR "sender" = ${sender}) AND (${outcome}::text IS NULL OR "outcome" = ${outcome})
       AND (${project}::text IS NULL OR ${project} = ANY("projects")) AND (${refused} OR "outcome" <> 'refused')
       AND (${text}::text IS NULL OR concat_ws(' ', "event", "reason", "deliveryId", array_to_string("projects", ' '), "results"::text) ILIKE ${text})
     ORDER BY "id" DESC LIMIT ${limit}`
}

export async function findDelivery({ db }: Context, id: number): Promise<DeliveryView | undefined> {
  const [row] = await db.query<DeliveryView>`
    SELECT "id", "sender", "deliveryId", "event", "receivedAt", "times", "projects", "outcome", "reason", "results", "tries", "nextAt",
           CASE "scope" WHEN '' THEN '{}' ELSE string_to_array("scope", ',') END AS "signedFor", "headers", "body", "bodyBytes",
           "content" IS NOT NULL AND "deliveryId" IS NOT NULL AS "canReplay"
      FROM "Delivery" WHERE "id" = ${id}`
  return row
}

/** The newest deliveries of a project that wait for a further try or have failed, for its page. */
export const troubledDeliveries = ({ db }: Context, project: string): Promise<DeliverySummary[]> =>
  db.query<DeliverySummary>`
    SELECT "id", "sender", "deliveryId", "event", "receivedAt", "times", "projects", "outcome", "reason", "results", "tries", "nextAt"
      FROM "Delivery" WHERE "state" = 'pending' AND "outcome" = 'retrying' AND ${project} = ANY("projects")
     ORDER BY "id" DESC LIMIT 5`

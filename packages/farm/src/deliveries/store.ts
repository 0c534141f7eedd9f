import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import type { DeliveryOutcome, DeliveryResult } from './outcome.rule.ts'
import { overallOutcome, overallReason } from './outcome.rule.ts'
import { nextTrySeconds } from './retry.rule.ts'

export interface NewDelivery {
  sender: string
  /** The projects whose secret signed the delivery, with commas; empty for the secret of the whole farm. */
  scope: string
  /** Null for a refused delivery. */
  deliveryId: string | null
  event: string
  /** Without secrets. */
  headers: Record<string, string>
  /** The beginning of the body, without secrets. */
  body: string
  bodyBytes: number
  /** What the farm has read in the body. */
  content: unknown
  projects: readonly string[]
  /** Absent if the farm still has to handle the delivery. */
  done?: { outcome: DeliveryOutcome; reason: string | null; results?: readonly DeliveryResult[] } | undefined
}

/** A stored delivery. `times` says how often it arrived, so that the result of an earlier arrival cannot overwrite a later one. */
export interface StoredDelivery {
  id: number
  times: number
}

/** A delivery that a server must handle. */
export interface PendingDelivery extends StoredDelivery {
  sender: string
  scope: string
  deliveryId: string
  content: unknown
  results: DeliveryResult[]
}

/** So long, no second server handles a delivery that a server handles. */
export const handlingSeconds = 60

/**
 * Writes a delivery in one statement. If the sender repeats a delivery, the farm decides it again. The caller handles
 * the delivery at once; if it dies, another server does so after `handlingSeconds`.
 */
export async function storeDelivery({ db, now }: Context, delivery: NewDelivery): Promise<StoredDelivery> {
  const { sender, scope, deliveryId, event, headers, body, bodyBytes, content, projects, done } = delivery
  const at = now()
  const state = done ? 'done' : 'pending'
  const [row] = await db.query<StoredDelivery>`
    INSERT INTO "Delivery" AS known ("sender", "scope", "deliveryId", "event", "receivedAt", "headers", "body", "bodyBytes",
           "content", "projects", "outcome", "reason", "results", "state", "tries", "since", "nextAt")
    VALUES (${sender}, ${scope}, ${deliveryId}, ${event}, ${at}, ${JSON.stringify(headers)}::jsonb, ${body}, ${bodyBytes},
           ${content === undefined ? null : JSON.stringify(content)}::jsonb, ${projects}::text[], ${done?.outcome ?? 'waiting'},
           ${done?.reason ?? null}, ${JSON.stringify(done?.results ?? [])}::jsonb, ${state}, ${done ? 0 : 1}, ${at},
           ${done ? null : later(at, handlingSeconds)})
    ON CONFLICT ("sender", "scope", "deliveryId") DO UPDATE SET "event" = EXCLUDED."event", "receivedAt" = EXCLUDED."receivedAt",
           "times" = known."times" + 1, "headers" = EXCLUDED."headers", "body" = EXCLUDED."body",
           "bodyBytes" = EXCLUDED."bodyBytes", "content" = EXCLUDED."content", "projects" = EXCLUDED."projects",
           "outcome" = EXCLUDED."outcome", "reason" = EXCLUDED."reason", "results" = EXCLUDED."results",
           "state" = EXCLUDED."state", "tries" = EXCLUDED."tries", "since" = EXCLUDED."since", "nextAt" = EXCLUDED."nextAt"
    RETURNING "id", "times"`
  return row as StoredDelivery
}

/** At most `limit` deliveries that a server must handle now. No other caller gets the same deliveries for `handlingSeconds`. */
export const takeDueDeliveries = ({ db, now }: Context, limit: number): Promise<PendingDelivery[]> => {
  const at = now()
  return db.query<PendingDelivery>`
    UPDATE "Delivery" SET "tries" = "tries" + 1, "nextAt" = ${later(at, handlingSeconds)}
     WHERE "id" IN (SELECT "id" FROM "Delivery" WHERE "state" = 'pending' AND "nextAt" <= ${at}
                     ORDER BY "nextAt", "id" LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING "id", "times", "sender", "scope", "deliveryId", "content", "results"`
}

/** A server needs longer than `handlingSeconds`, for example for the first fetch of a large repository. */
export async function holdDelivery({ db, now }: Context, { id, times }: StoredDelivery): Promise<void> {
  await db.execute`
    UPDATE "Delivery" SET "nextAt" = ${later(now(), handlingSeconds)}
     WHERE "id" = ${id} AND "times" = ${times} AND "state" = 'pending'`
}

/** A failed result of a try, with what the rule needs to choose the time of the next try. */
export interface HandledDelivery {
  results: readonly DeliveryResult[]
  /** Whether all results that can be tried again lack only the commit. */
  absent: boolean
  /** For a delivery that concerns no project. */
  reason?: string
}

/**
 * Records what a delivery did. If a try can help, the farm tries again later, until it gives up. A delivery that
 * arrived again meanwhile does not change.
 */
export async function recordDelivery(
  { db, now }: Context,
  { id, times }: StoredDelivery,
  { results, absent, reason }: HandledDelivery,
): Promise<DeliveryOutcome | undefined> {
  const at = now()
  const [row] = await db.query<{ tries: number; since: Date }>`
    SELECT "tries", "since" FROM "Delivery" WHERE "id" = ${id} AND "times" = ${times} AND "state" = 'pending'`
  if (!row) return undefined
  const sinceSeconds = (at.getTime() - row.since.getTime()) / 1000
  const wait = nextTrySeconds({ tries: row.tries, sinceSeconds, absent })
  const final = wait === undefined ? results.map(gaveUp) : results
  const outcome = overallOutcome(final)
  const isPending = outcome === 'retrying' && wait !== undefined
  await db.execute`
    UPDATE "Delivery" SET "outcome" = ${outcome}, "reason" = ${reason ?? overallReason(final)}, "results" = ${JSON.stringify(final)}::jsonb,
           "state" = ${isPending ? 'pending' : 'done'}, "nextAt" = ${isPending ? later(at, wait) : null}
     WHERE "id" = ${id} AND "times" = ${times} AND "state" = 'pending'`
  return outcome
}

const gaveUp = (result: DeliveryResult): DeliveryResult =>
  result.outcome === 'retrying' ? { ...result, outcome: 'failed' } : result

/** A delivery fails because of a defect of the farm. The farm tries it again, as if the repository did not answer. */
export async function postponeDelivery(context: Context, delivery: StoredDelivery, problem: string): Promise<void> {
  const at = context.now()
  await context.db.execute`
    UPDATE "Delivery" SET "outcome" = 'retrying', "reason" = ${problem}, "nextAt" = ${later(at, handlingSeconds)}
     WHERE "id" = ${delivery.id} AND "times" = ${delivery.times} AND "state" = 'pending'`
}

/** Decides a stored delivery again, as if its sender had sent it again. */
export async function replayDelivery({ db, now }: Context, id: number): Promise<PendingDelivery | undefined> {
  const at = now()
  const [row] = await db.query<PendingDelivery>`
    UPDATE "Delivery" SET "times" = "times" + 1, "tries" = 1, "since" = ${at}, "nextAt" = ${later(at, handlingSeconds)},
           "state" = 'pending', "outcome" = 'waiting', "reason" = NULL
     WHERE "id" = ${id} AND "content" IS NOT NULL AND "deliveryId" IS NOT NULL
    RETURNING "id", "times", "sender", "scope", "deliveryId", "content", "results"`
  return row
}

/** How many deliveries the farm keeps: handled ones, refused ones, and those that wait. */
export const keptMax = { handled: 1000, refused: 100, waiting: 10_000 }
const deletedAtOnce = 500

/** Deletes the oldest deliveries above the limits, at most 500 of each kind. Returns how many it deleted. */
export async function deleteOldDeliveries({ db }: Context): Promise<number> {
  return db.execute`
    DELETE FROM "Delivery" WHERE "id" IN (
      (SELECT "id" FROM "Delivery" WHERE "state" = 'done' AND "outcome" <> 'refused' ORDER BY "id" DESC
        OFFSET ${keptMax.handled} LIMIT ${deletedAtOnce})
      UNION ALL (SELECT "id" FROM "Delivery" WHERE "outcome" = 'refused' ORDER BY "id" DESC
        OFFSET ${keptMax.refused} LIMIT ${deletedAtOnce})
      UNION ALL (SELECT "id" FROM "Delivery" WHERE "state" = 'pending' ORDER BY "id" DESC
        OFFSET ${keptMax.waiting} LIMIT ${deletedAtOnce}))`
}

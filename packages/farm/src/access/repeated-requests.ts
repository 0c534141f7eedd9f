import { later } from '../clock.ts'
import type { Context } from '../context.ts'

export type BegunRequest =
  /** The caller must run the request, and then call `endRequest` or `forgetRequest`. */
  | { kind: 'begun' }
  /** The answer of the first request. */
  | { kind: 'done'; status: number; answer: unknown }
  | { kind: 'running' }
  /** The key belongs to another request. */
  | { kind: 'other-request' }

/** A server that died while it ran a request does not block the key for longer than this time. */
const runSecondsMax = 60
/** How long the farm remembers a key. */
export const keySecondsMax = 86_400

/**
 * Begins a request that a client may repeat. `key` names the client and its key; `request` names what it asks for. Only
 * one of several requests with one key begins.
 */
export async function beginRequest({ db, now }: Context, key: string, request: string): Promise<BegunRequest> {
  const at = now()
  const begun = await db.execute`
    INSERT INTO "RepeatedRequest" AS own ("key", "request", "startedAt") VALUES (${key}, ${request}, ${at})
    ON CONFLICT ("key") DO UPDATE SET "startedAt" = EXCLUDED."startedAt", "request" = EXCLUDED."request", "status" = NULL
     WHERE own."startedAt" < ${later(at, -keySecondsMax)}
        OR own."status" IS NULL AND own."startedAt" < ${later(at, -runSecondsMax)} AND own."request" = EXCLUDED."request"`
  if (begun > 0) return { kind: 'begun' }
  const [row] = await db.query<{ request: string; status: number | null; answer: unknown }>`
    SELECT "request", "status", "answer" FROM "RepeatedRequest" WHERE "key" = ${key}`
  if (!row) return { kind: 'running' } // it has just failed, so the next try begins
  if (row.request !== request) return { kind: 'other-request' }
  return row.status === null ? { kind: 'running' } : { kind: 'done', status: row.status, answer: row.answer }
}

/** Remembers the answer for repeated requests. */
export async function endRequest({ db }: Context, key: string, status: number, answer: unknown): Promise<void> {
  await db.execute`
    UPDATE "RepeatedRequest" SET "status" = ${status}, "answer" = ${JSON.stringify(answer ?? null)}::jsonb WHERE "key" = ${key}`
}

/** The request failed and changed nothing, so the client can send it again with the same key. */
export async function forgetRequest({ db }: Context, key: string): Promise<void> {
  await db.execute`DELETE FROM "RepeatedRequest" WHERE "key" = ${key} AND "status" IS NULL`
}

export async function deleteOldRequests({ db, now }: Context): Promise<void> {
  await db.execute`DELETE FROM "RepeatedRequest" WHERE "startedAt" < ${later(now(), -keySecondsMax)}`
}

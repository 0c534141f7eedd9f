import { later } from '../clock.ts'
import type { Context } from '../context.ts'

/** How many days the farm keeps these rows. docs/retention.md has the same numbers. */
export const keptDays = { messages: 180, invitations: 90, acknowledgements: 365 } as const

/** A statement deletes at most this many rows. */
export const rowsAtOnce = 1_000

/**
 * Deletes rows of small tables that nobody needs any more, a part at a time. Returns whether there are more. An index of
 * each table finds the rows.
 */
export async function deleteOldRows({ db, now }: Context): Promise<boolean> {
  const before = (days: number) => later(now(), -days * 86_400)
  const deleted = [
    // An open problem needs its messages: they say which channels the farm has told about it.
    await db.execute`
      DELETE FROM "Notification" WHERE "id" IN (
        SELECT "id" FROM "Notification" message
         WHERE ("deliveredAt" IS NOT NULL OR "gaveUpAt" IS NOT NULL) AND "createdAt" < ${before(keptDays.messages)}
           AND NOT EXISTS (SELECT 1 FROM "Problem" WHERE "id" = message."problemId" AND "closedAt" IS NULL)
         ORDER BY "createdAt" LIMIT ${rowsAtOnce})`,
    await db.execute`
      DELETE FROM "Invitation" WHERE "id" IN (
        SELECT "id" FROM "Invitation" WHERE "expiresAt" < ${before(keptDays.invitations)} ORDER BY "expiresAt" LIMIT ${rowsAtOnce})`,
    await db.execute`
      DELETE FROM "Login" WHERE "id" IN (
        SELECT "id" FROM "Login" WHERE "expiresAt" < ${now()} ORDER BY "expiresAt" LIMIT ${rowsAtOnce})`,
    await db.execute`
      DELETE FROM "Acknowledgement" WHERE "id" IN (
        SELECT "id" FROM "Acknowledgement" WHERE "expiresAt" < ${before(keptDays.acknowledgements)}
         ORDER BY "expiresAt" LIMIT ${rowsAtOnce})`,
  ]
  return deleted.includes(rowsAtOnce)
}

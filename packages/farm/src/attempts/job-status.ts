import type { Tx } from '../db/transaction.ts'

/** Marks ended jobs as open. The transaction that adds a further attempt to a job calls this. */
export async function reopenJobs(tx: Tx, jobIds: readonly number[]): Promise<void> {
  if (jobIds.length === 0) return
  await tx.execute`UPDATE "Job" SET "status" = 'open' WHERE "id" = ANY(${[...jobIds]}::bigint[]) AND "status" <> 'open'`
  // The new attempt leaves files that must expire too.
  await tx.execute`
    UPDATE "Build" SET "expiryDoneAt" = NULL
     WHERE "id" IN (SELECT "buildId" FROM "Job" WHERE "id" = ANY(${[...jobIds]}::bigint[])) AND "expiryDoneAt" IS NOT NULL`
}

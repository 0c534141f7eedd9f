import type { Tx } from '../db/transaction.ts'

/** Marks ended jobs as open. The transaction that adds a further attempt to a job calls this. */
export async function reopenJobs(tx: Tx, jobIds: readonly number[]): Promise<void> {
  if (jobIds.length > 0) await tx.execute`UPDATE "Job" SET "status" = 'open' WHERE "id" = ANY(${[...jobIds]}::int[])`
}

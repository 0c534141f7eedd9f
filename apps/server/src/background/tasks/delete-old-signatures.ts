import type { Task } from '../task.ts'

/**
 * The farm stores data to detect repeated signed requests. This task deletes the data of requests that are too old to
 * be accepted, and the Idempotency-Keys that are older than a day.
 */
export const deleteOldSignatures: Task = async ({ farm }) => {
  await farm.access.deleteOldSignedRuns()
  await farm.access.deleteOldRequests()
}

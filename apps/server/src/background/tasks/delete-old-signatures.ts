import type { Task } from '../task.ts'

/**
 * The farm stores data to detect repeated signed requests. This task deletes the data of requests that are too old to
 * be accepted.
 */
export const deleteOldSignatures: Task = async ({ farm }) => {
  await farm.access.deleteOldSignedRuns()
}

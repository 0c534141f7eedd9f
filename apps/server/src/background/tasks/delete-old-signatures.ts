import type { Task } from '../task.ts'

/**
 * Deletes the data by which the farm detects repeated signed requests, once such requests are too old to be accepted.
 */
export const deleteOldSignatures: Task = async ({ farm }) => {
  await farm.access.deleteOldSignedRuns()
}

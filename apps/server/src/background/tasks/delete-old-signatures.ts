import type { Task } from '../task.ts'

/** Deletes what the farm stored to detect repeated signed requests, once their time is over. */
export const deleteOldSignatures: Task = async ({ farm }) => {
  await farm.access.deleteOldSignedRuns()
}

import type { Task } from '../task.ts'

/** Cancels the jobs of tries that are older than a day, and deletes the files of tries that have ended. */
export const endTries: Task = async ({ farm, uploads }) => {
  const ended = await farm.tries.end()
  for (const id of ended) await uploads.remove(id)
  if (ended.length > 0) await farm.tries.forget(ended)
}

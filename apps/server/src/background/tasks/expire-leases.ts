import type { Task } from '../task.ts'

/** Ends each attempt whose lease has expired because its host sent no message. */
export const expireLeases: Task = async ({ farm }) => {
  await farm.attempts.expireLeases()
}

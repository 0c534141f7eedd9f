import type { Task } from '../task.ts'

/** Ends the attempts of hosts that have sent no message for a whole lease. */
export const expireLeases: Task = async ({ farm }) => {
  await farm.attempts.expireLeases()
}

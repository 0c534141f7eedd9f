import type { Task } from '../task.ts'

/** Deletes the oldest webhooks above the limits, a part at a time. */
export const deleteOldDeliveries: Task = async ({ farm }) => {
  while ((await farm.deliveries.deleteOld()) > 0);
}

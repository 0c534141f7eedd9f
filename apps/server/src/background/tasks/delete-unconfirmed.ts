import type { Task } from '../task.ts'

/** Forgets the mail addresses of subscriptions that nobody confirmed in time. */
export const deleteUnconfirmed: Task = ({ farm }) => farm.notifications.deleteUnconfirmed()

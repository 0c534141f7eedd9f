import type { Task } from '../task.ts'

/** Writes the daily summaries of the problems that are still open. The task deliver-notifications sends them. */
export const announceDigests: Task = ({ farm }) => farm.notifications.announceDigests()

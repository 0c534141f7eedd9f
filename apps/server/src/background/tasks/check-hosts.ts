import type { Task } from '../task.ts'

/** Records the hosts that became silent and the hosts that returned. The task deliver-notifications sends the messages about them. */
export const checkHosts: Task = async ({ farm, log }) => {
  const { silent, returned } = await farm.hosts.checkSilence()
  for (const host of silent) log.warn({ host }, 'host is silent')
  for (const host of returned) log.info({ host }, 'host is back')
}

import type { Task } from '../task.ts'

/** Records which hosts became silent and which returned. Their owners' alerts are sent by notify-owners. */
export const checkHosts: Task = async ({ farm, log }) => {
  const { silent, returned } = await farm.hosts.checkSilence()
  for (const host of silent) log.warn({ host }, 'host is silent')
  for (const host of returned) log.info({ host }, 'host is back')
}

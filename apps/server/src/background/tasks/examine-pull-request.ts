import { readPullRequest } from '../../trigger/read-pull-request.ts'
import type { Task } from '../task.ts'

/** Reads a pull request whose newest commit the farm does not know yet, for example after a server ended. */
export const examinePullRequest: Task<{ id: number }> = async (services, { id }) => {
  const outcome = await readPullRequest(services, id)
  if (outcome?.kind === 'unreadable')
    services.log.warn({ pullRequest: id, problem: outcome.problem }, 'a pull request cannot be read')
}

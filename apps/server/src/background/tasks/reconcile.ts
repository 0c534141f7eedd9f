import { topics } from '../../events/bus.ts'
import type { Task } from '../task.ts'

/**
 * Makes the queue match the database. It sends a message for each attempt that a host can claim, and requests the tasks
 * that builds, branches and ended attempts need. Any server may run this task at any time, because the queue ignores a message that it
 * already has. If Redis loses its data, this task sends the messages again.
 */
export const reconcile: Task = async ({ farm, dispatch, bus, requests }) => {
  for (const buildId of await farm.builds.listUnprepared()) requests.prepareSources(buildId)
  const branches = await farm.matrix.listBranchesToRead()
  for (const project of new Set(branches.map(branch => branch.project))) requests.readBranches(project)
  for (const attempt of await farm.failures.listExaminations()) requests.examine(attempt)
  for (const id of await farm.pullRequests.listToExamine()) requests.examinePullRequest(id)
  const queued = await farm.attempts.listQueued()
  const hosts = new Set(queued.map(({ hostId }) => hostId))
  for (const hostId of hosts) await dispatch.releaseStuck(hostId)
  await dispatch.send(queued)
  for (const hostId of hosts) bus.publish(topics.host(hostId))
}

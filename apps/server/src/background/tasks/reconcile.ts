import { topics } from '../../events/bus.ts'
import type { Task } from '../task.ts'

/**
 * Makes the queue match the database. It requests the tasks that builds, branches and ended attempts need, and sends the
 * messages that the queues of the hosts do not have. If Redis loses its data, this task sends the messages again. It
 * also wakes the hosts that could take a job, because a wake-up can be lost. Any server may run this task at any time.
 *
 * A run looks at one page of the waiting attempts, and the next run at the next page. So its cost does not grow with the
 * number of waiting attempts. A host gets its job without a message too, so a late message delays no job.
 */
export const reconcile: Task = async ({ farm, dispatch, bus, requests, queuedPages }) => {
  for (const buildId of await farm.builds.listUnprepared()) requests.prepareSources(buildId)
  const branches = await farm.matrix.listBranchesToRead()
  for (const project of new Set(branches.map(branch => branch.project))) requests.readBranches(project)
  for (const attempt of await farm.failures.listExaminations()) requests.examine(attempt)
  for (const id of await farm.pullRequests.listToExamine()) requests.examinePullRequest(id)
  for (const hostId of await farm.attempts.listHostsWithWork()) bus.publish(topics.host(hostId))
  await dispatch.sendMissing(await queuedPages.next())
}

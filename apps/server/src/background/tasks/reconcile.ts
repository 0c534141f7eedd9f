import { topics } from '../../events/bus.ts'
import type { Task } from '../task.ts'

/**
 * Makes the queue match the rows: it sends a message for every claimable attempt, and requests the tasks that builds and
 * branches wait for. A message that exists is not sent twice. So any server may run this at any time, and a lost Redis loses
 * nothing.
 */
export const reconcile: Task = async ({ farm, dispatch, bus, requests }) => {
  for (const buildId of await farm.builds.listUnprepared()) requests.prepareSources(buildId)
  const branches = await farm.matrix.listBranchesToRead()
  for (const project of new Set(branches.map(branch => branch.project))) requests.readBranches(project)
  const queued = await farm.attempts.listQueued()
  const hosts = new Set(queued.map(({ hostId }) => hostId))
  for (const hostId of hosts) await dispatch.releaseStuck(hostId)
  await dispatch.send(queued)
  for (const hostId of hosts) bus.publish(topics.host(hostId))
}

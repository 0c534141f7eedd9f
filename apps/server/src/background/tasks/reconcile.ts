import type { Farm } from '@rumpfarm/farm'
import type { Dispatch } from '../dispatch.ts'

export interface Reconcile {
  farm: Pick<Farm, 'attempts' | 'builds' | 'matrix'>
  dispatch: Dispatch
  prepare: (buildId: number) => void
  place: (project: string) => void
  wake: (hostId: number) => void
}

/**
 * Makes messages agree with rows: every claimable attempt gets a message and every pending build its task. A message
 * that exists is not made twice, so this may run at any time, on any server; losing all of Redis loses nothing.
 */
export async function reconcile({ farm, dispatch, prepare, place, wake }: Reconcile): Promise<void> {
  for (const buildId of await farm.builds.listUnprepared()) prepare(buildId)
  for (const project of new Set((await farm.matrix.listBranchesToRead()).map(line => line.project))) place(project)
  const queued = await farm.attempts.listQueued()
  const hosts = new Set(queued.map(({ hostId }) => hostId))
  for (const hostId of hosts) await dispatch.releaseStuck(hostId)
  await dispatch.send(queued)
  for (const hostId of hosts) wake(hostId)
}

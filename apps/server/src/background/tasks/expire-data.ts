import type { Task } from '../task.ts'

/** The task stops after this time, so that other tasks of the server have their turn. The next run continues. */
const millisecondsMax = 30_000

/** Lets old data expire as farm.yaml's `keep` says, a few builds in each transaction, and deletes their files. */
export const expireData: Task = async ({ farm }) => {
  const end = Date.now() + millisecondsMax
  const inTime = () => Date.now() < end
  while (inTime() && (await farm.retention.deleteOldRows()));
  // Files of an earlier run, which a server that died may have left.
  while (inTime() && (await farm.retention.deleteFiles()));
  for (const of of await farm.retention.projects()) {
    for (const expire of [farm.retention.expireBuilds, farm.retention.expireFiles]) {
      while (inTime() && (await expire(of))) while (inTime() && (await farm.retention.deleteFiles()));
    }
  }
  while (inTime() && (await farm.retention.deleteFiles()));
}

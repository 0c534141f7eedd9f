import type { Task } from './task.ts'
import { checkHosts } from './tasks/check-hosts.ts'
import { deleteOldSignatures } from './tasks/delete-old-signatures.ts'
import { expireLeases } from './tasks/expire-leases.ts'
import { notifyOwners } from './tasks/notify-owners.ts'
import { reconcile } from './tasks/reconcile.ts'

export interface PeriodicTask {
  /** Also the name of its messages in the queue. */
  name: string
  everySeconds: number
  run: Task
  /**
   * `run`: while the queue does not answer, each server runs the task itself. That needs a task which two servers may run at
   * the same time. `skip`: the task has nothing to do without the queue.
   */
  withoutQueue: 'run' | 'skip'
}

/** The reconcile task requests a failed task again after at most this time. */
export const reconcileSeconds = 10

/** The periodic tasks: what runs how often. */
export const schedule: readonly PeriodicTask[] = [
  { name: 'expire-leases', everySeconds: 5, run: expireLeases, withoutQueue: 'run' },
  { name: 'check-hosts', everySeconds: 5, run: checkHosts, withoutQueue: 'run' },
  { name: 'notify-owners', everySeconds: 5, run: notifyOwners, withoutQueue: 'run' },
  { name: 'reconcile', everySeconds: reconcileSeconds, run: reconcile, withoutQueue: 'skip' },
  { name: 'delete-old-signatures', everySeconds: 300, run: deleteOldSignatures, withoutQueue: 'skip' },
]

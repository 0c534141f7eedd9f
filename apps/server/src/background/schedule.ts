import type { Task } from './task.ts'
import { announceDigests } from './tasks/announce-digests.ts'
import { bisect } from './tasks/bisect.ts'
import { checkHosts } from './tasks/check-hosts.ts'
import { deleteOldDeliveries } from './tasks/delete-old-deliveries.ts'
import { deleteOldSignatures } from './tasks/delete-old-signatures.ts'
import { deleteUnconfirmed } from './tasks/delete-unconfirmed.ts'
import { deliverNotifications } from './tasks/deliver-notifications.ts'
import { endTries } from './tasks/end-tries.ts'
import { expireData } from './tasks/expire-data.ts'
import { expireLeases } from './tasks/expire-leases.ts'
import { handleDeliveries } from './tasks/handle-deliveries.ts'
import { requestLooks } from './tasks/look.ts'
import { reconcile } from './tasks/reconcile.ts'
import { runSchedules } from './tasks/run-schedules.ts'
import { sendStatuses } from './tasks/send-statuses.ts'
import { tidyStorage } from './tasks/tidy-storage.ts'

export interface PeriodicTask {
  /** This is also the name of the task's messages in the queue. */
  name: string
  everySeconds: number
  run: Task
  /**
   * While the queue does not answer, `run` makes each server run the task itself. So several servers must be able to
   * run the task at the same time. `skip` makes the task wait for the queue.
   */
  withoutQueue: 'run' | 'skip'
}

/** The interval of the reconcile task. If a task for a build or branch fails, the next reconcile requests it again. */
export const reconcileSeconds = 10

export const schedule: readonly PeriodicTask[] = [
  { name: 'expire-leases', everySeconds: 5, run: expireLeases, withoutQueue: 'run' },
  { name: 'check-hosts', everySeconds: 5, run: checkHosts, withoutQueue: 'run' },
  { name: 'send-statuses', everySeconds: 5, run: sendStatuses, withoutQueue: 'run' },
  { name: 'deliver-notifications', everySeconds: 5, run: deliverNotifications, withoutQueue: 'run' },
  { name: 'handle-deliveries', everySeconds: 5, run: handleDeliveries, withoutQueue: 'run' },
  { name: 'delete-old-deliveries', everySeconds: 60, run: deleteOldDeliveries, withoutQueue: 'skip' },
  { name: 'announce-digests', everySeconds: 300, run: announceDigests, withoutQueue: 'skip' },
  { name: 'delete-unconfirmed', everySeconds: 300, run: deleteUnconfirmed, withoutQueue: 'skip' },
  { name: 'bisect', everySeconds: 10, run: bisect, withoutQueue: 'skip' },
  { name: 'request-looks', everySeconds: 5, run: requestLooks, withoutQueue: 'skip' },
  { name: 'run-schedules', everySeconds: 10, run: runSchedules, withoutQueue: 'run' },
  { name: 'reconcile', everySeconds: reconcileSeconds, run: reconcile, withoutQueue: 'skip' },
  { name: 'expire-data', everySeconds: 60, run: expireData, withoutQueue: 'skip' },
  { name: 'end-tries', everySeconds: 60, run: endTries, withoutQueue: 'skip' },
  { name: 'tidy-storage', everySeconds: 10, run: tidyStorage, withoutQueue: 'skip' },
  { name: 'delete-old-signatures', everySeconds: 300, run: deleteOldSignatures, withoutQueue: 'skip' },
]

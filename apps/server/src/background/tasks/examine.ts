import { parseAttemptName } from '@rumpfarm/contracts'
import { isStorageAway } from '@rumpfarm/farm'
import type { Task } from '../task.ts'

/** Reads the log of an ended attempt, to find out why the attempt failed. */
export const examine: Task<{ attempt: string }> = async ({ farm, log }, { attempt }) => {
  const id = parseAttemptName(attempt)
  if (!id) return
  try {
    await farm.failures.examine(id)
  } catch (error) {
    const problem = (error as Error).message
    if (isStorageAway(error)) {
      // The task `reconcile` requests it again, and this is no fault of the log.
      log.warn({ attempt, problem }, 'an attempt is examined later, because the bucket does not answer')
      return
    }
    log.warn({ attempt, problem }, 'the log of an attempt cannot be examined')
    await farm.failures.markExaminationFailed(id, problem)
  }
}

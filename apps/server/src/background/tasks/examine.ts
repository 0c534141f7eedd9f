import { parseAttemptName } from '@rumpfarm/contracts'
import type { Task } from '../task.ts'

/** Reads the log of an ended attempt, to find out why the attempt failed. */
export const examine: Task<{ attempt: string }> = async ({ farm, log }, { attempt }) => {
  const id = parseAttemptName(attempt)
  if (!id) return
  try {
    await farm.failures.examine(id)
  } catch (error) {
    const problem = (error as Error).message
    log.warn({ attempt, problem }, 'the log of an attempt cannot be examined')
    await farm.failures.markExaminationFailed(id, problem)
  }
}

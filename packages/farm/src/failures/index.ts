import type { AttemptId } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { listExaminations, markExaminationFailed } from './examinations.ts'
import { examine } from './examine.ts'
import { failureSeenBefore, failureSpread, failuresOfBuild, findFailure } from './failure-queries.ts'

export type { Excerpt, FailureGroup, FailureGroups, FailureSpread, FailureView, SeenIn } from './failure-queries.ts'

/** The failures that the farm found in logs. Equal fingerprints mean the same failure. */
export const failureMethods = ({ main, pages }: Contexts) => ({
  /**
   * Reads the log of an ended attempt, and stores why the attempt failed. If the failure is new, adds an attempt that
   * confirms it. A second call changes nothing.
   */
  examine: (attempt: AttemptId) => examine(main, attempt),
  /** The ended attempts that must be examined now, the oldest first. */
  listExaminations: () => listExaminations(main),
  /** The examination failed. After the last try, the state of the cell comes from the failed step alone. */
  markExaminationFailed: (attempt: AttemptId, problem: string) => markExaminationFailed(main, attempt, problem),

  find: (attempt: AttemptId) => findFailure(pages, attempt),
  spread: (failure: Parameters<typeof failureSpread>[1]) => failureSpread(pages, failure),
  seenBefore: (failure: Parameters<typeof failureSeenBefore>[1]) => failureSeenBefore(pages, failure),
  ofBuild: (build: Parameters<typeof failuresOfBuild>[1]) => failuresOfBuild(pages, build),
})

import type { AttemptId } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { failureSeenBefore, failureSpread, failuresOfBuild, findFailure } from './failure-queries.ts'

export type { Excerpt, FailureGroup, FailureGroups, FailureSpread, FailureView, SeenIn } from './failure-queries.ts'

/** The failures that the farm found in logs. Equal fingerprints mean the same failure. */
export const failureMethods = ({ pages }: Contexts) => ({
  find: (attempt: AttemptId) => findFailure(pages, attempt),
  spread: (failure: Parameters<typeof failureSpread>[1]) => failureSpread(pages, failure),
  seenBefore: (failure: Parameters<typeof failureSeenBefore>[1]) => failureSeenBefore(pages, failure),
  ofBuild: (build: Parameters<typeof failuresOfBuild>[1]) => failuresOfBuild(pages, build),
})

import type { Contexts } from '../context.ts'
import { createTry, type TryLimits, type TryRequest } from './create-try.ts'
import { cancelTry, endTries, forgetTries } from './end-tries.ts'
import { findTry, startTry, tryOfBuild } from './start-try.ts'

export type { CreateTryOutcome, TryLimits, TryRequest } from './create-try.ts'
export type { StartTryOutcome } from './start-try.ts'
export type { TryView } from './try-view.ts'

/** Trees that people upload and the farm builds once. They never change a cell. */
export const tryMethods = ({ main }: Contexts) => ({
  /** Begins a try, or finds the upload of the same tree that was not completed. */
  create: (request: TryRequest, limits: TryLimits) => createTry(main, request, limits),
  /** A try whose files the farm has not deleted. */
  find: (id: string) => findTry(main, id),
  /** The id of the try whose tree a build builds; undefined if the build is no try. */
  ofBuild: (buildId: number) => tryOfBuild(main, buildId),
  /** Makes the build of a try whose files are complete. */
  start: (id: string) => startTry(main, id),
  /** Cancels the jobs of a try. The farm deletes its files soon. */
  cancel: (id: string) => cancelTry(main, id),
  /** Ends old tries, and returns those whose files can be deleted. */
  end: () => endTries(main),
  /** Records that the files of these tries are deleted. */
  forget: (ids: readonly string[]) => forgetTries(main, ids),
})

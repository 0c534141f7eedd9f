import type { AttemptView } from '@rumpfarm/farm'
import { isResult } from '@rumpfarm/farm'

/**
 * The attempt that the page of a job shows: the newest. But while the farm only repeats a failure to confirm it, readers
 * want to see the failure.
 */
export const defaultAttempt = <Attempt extends Pick<AttemptView, 'purpose' | 'verdict'>>(
  newestFirst: readonly Attempt[],
): Attempt | undefined =>
  newestFirst.find(({ purpose, verdict }) => purpose !== 'confirm' || (verdict !== null && isResult(verdict))) ??
  newestFirst[0]

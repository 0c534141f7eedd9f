import type { AttemptPurpose, BuildCause } from '@rumpfarm/contracts'
import { isSlow } from './slow-host.rule.ts'

/** An attempt of a cell of a branch. */
export interface CellAttempt {
  buildId: number
  cause: BuildCause
  purpose: AttemptPurpose
  priority: number
}

/** These builds are of the newest commit of their branch. A person can also request an old commit. */
const ofNewestCommit: readonly BuildCause[] = ['push', 'poll', 'source', 'schedule']
/** A person waits for the others, or a rule needs them for a commit. */
const replaceable: readonly AttemptPurpose[] = ['build', 'lost']

/**
 * Whether a job of a newer build makes a job of the same cell and branch unnecessary. A job with a smaller priority
 * would let the cell wait longer.
 */
export const supersedes = (newer: Omit<CellAttempt, 'purpose'>, older: CellAttempt): boolean =>
  newer.buildId > older.buildId &&
  newer.priority >= older.priority &&
  ofNewestCommit.includes(newer.cause) &&
  older.cause !== 'hand' &&
  older.cause !== 'bisection' &&
  replaceable.includes(older.purpose)

/** Whether only the newest of the waiting builds of a cell and branch runs on a host. `coalesce` is from farm.yaml. */
export const coalesces = (coalesce: boolean | undefined, usualMs: number | null): boolean => coalesce ?? isSlow(usualMs)

export const supersededWords = (branch: string, buildId: number): string =>
  `a newer commit of ${branch} waits for this cell: build ${buildId}`

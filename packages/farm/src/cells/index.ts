import type { AttemptId } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import type { CellAddress } from './cell-key.ts'
import { findCell } from './cell-query.ts'
import { compareRuns, type RunDifferences } from './compare-runs.ts'

export type { CellAddress, UnknownBranch, UnknownProject } from './cell-key.ts'
export type { CellOutcome, CellView } from './cell-query.ts'
export type { Change } from './changes.rule.ts'
export type { RunDifferences } from './compare-runs.ts'
export type { CellRun, OpenRun } from './runs.ts'
export type { SinceLastGood } from './since-last-good.ts'

/** The cells of a project's branch: one host, arch and variant each. */
export const cellMethods = ({ pages }: Contexts) => ({
  find: (address: CellAddress) => findCell(pages, address),
  /** Compares the host facts and the recipes of two attempts. */
  compareRuns: (before: AttemptId, after: AttemptId): Promise<RunDifferences> => compareRuns(pages, before, after),
})

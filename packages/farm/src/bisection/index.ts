import type { Contexts } from '../context.ts'
import { advanceBisection } from './advance.ts'
import {
  type BisectionFilter,
  type CellOfBisection,
  findBisection,
  findOfCell,
  findRangeToRead,
  listBisections,
  listOfBuild,
  listOpen,
} from './bisection-queries.ts'
import { cancelBisection, continueBisection } from './cancel.ts'
import { type CulpritToRead, findCulpritToRead, storeCulpritLines } from './culprit-lines.ts'
import { lookInsideMerge } from './inside-merge.ts'
import { type RangeRead, storeRange } from './prepare.ts'
import { type CellToBisect, quoteBisection, startBisection } from './start.ts'
import { startAutomatic } from './start-automatic.ts'

export type { BisectionFilter, BisectionSummary, BisectionView, ProbeView, RangeToRead } from './bisection-queries.ts'
export type { CancelBisectionOutcome, ContinueOutcome } from './cancel.ts'
export type { InsideMergeOutcome } from './inside-merge.ts'
export type { OutcomeKind } from './next-probe.rule.ts'
export type { RangeRead } from './prepare.ts'
export type { CellToBisect, Quote, QuoteOutcome, StartOutcome } from './start.ts'
export type { Doubt, ProbePurpose, ProbeVerdict } from './state.rule.ts'

/** Searches for the first bad commit of a failing cell. */
export const bisectionMethods = ({ main, pages, history }: Contexts) => ({
  /** The price of a bisection, before somebody starts it. */
  quote: (cell: CellToBisect) => quoteBisection(pages, cell),
  start: (request: CellToBisect & { startedBy: string }) => startBisection(main, request),
  /** Starts the bisections that farm.yaml allows. Returns their numbers. */
  startAutomatic: () => startAutomatic(main),
  findRangeToRead: (id: number) => findRangeToRead(main, id),
  storeRange: (id: number, range: RangeRead) => storeRange(main, id, range),
  findCulpritToRead: (id: number) => findCulpritToRead(main, id),
  storeCulpritLines: (culprit: CulpritToRead, patch: string | null) => storeCulpritLines(main, culprit, patch),
  /** Judges ended probes, counts results of pushes, and starts the next probe. */
  advance: (id: number) => advanceBisection(main, id),
  cancel: async (id: number) => (canBeId(id) ? cancelBisection(main, id) : ({ kind: 'unknown' } as const)),
  continue: async (id: number) => (canBeId(id) ? continueBisection(main, id) : ({ kind: 'unknown' } as const)),

  /** Searches inside the merge that a bisection named. */
  lookInsideMerge: async (request: { id: number; startedBy: string }) =>
    canBeId(request.id) ? lookInsideMerge(main, request) : ({ kind: 'unknown' } as const),

  /** The open bisections that have a next step now. */
  listOpen: () => listOpen(main),
  list: (filter: BisectionFilter) => history(() => listBisections(pages, filter)),
  find: async (id: number) => (canBeId(id) ? findBisection(pages, id) : undefined),
  findOfCell: (cell: CellOfBisection) => findOfCell(pages, cell),
  /** The bisections that a build belongs to, or that search its failures. */
  listOfBuild: async (buildId: number) => (canBeId(buildId) ? listOfBuild(pages, buildId) : []),
})

/** PostgreSQL's largest integer. PostgreSQL rejects a query with a larger id. */
const canBeId = (id: number): boolean => id <= 2_147_483_647

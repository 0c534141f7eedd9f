import { parseAttemptName } from '@rumpfarm/contracts'
import { type Acknowledgement, acknowledgementOf } from '../acknowledgements/acknowledged.rule.ts'
import { activeAcknowledgements } from '../acknowledgements/acknowledgements.ts'
import { expectation } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import {
  type FailureSpread,
  type FailureView,
  failureSeenBefore,
  failureSpread,
  findFailure,
  type SeenIn,
} from '../failures/failure-queries.ts'
import { isResult } from '../matrix/cell.rule.ts'
import { recordOf } from '../matrix/cell-record.ts'
import type { CellKey } from '../matrix/cell-results.ts'
import { knownFailures } from '../matrix/known-failures.rule.ts'
import type { CellRecord } from '../matrix/matrix-cell.rule.ts'
import {
  type CellAddress,
  type CellHost,
  findBranch,
  findCellHost,
  keyOfCell,
  type ProjectBranch,
  type UnknownBranch,
  type UnknownProject,
} from './cell-key.ts'
import { findCellRow } from './cell-row.ts'
import { type CellRun, cellRuns, type OpenRun, openRuns } from './runs.ts'
import { type SinceLastGood, sinceLastGood } from './since-last-good.ts'

/** A cell with its history. */
export interface CellView {
  project: string
  branch: string
  /** The branches of the project that were built. The branch with the newest push is first. */
  branches: string[]
  /** When the branch was deleted in the repository; null if it exists. */
  branchDeletedAt: Date | null
  host: string
  arch: string
  variant: string
  /** Whether farm.yaml and the host plan new jobs for this cell. */
  planned: boolean
  /** Null if no attempt of the cell has finished. */
  last: CellRecord | null
  /** The newest finished attempts in the order of the branch's commits, newest first, at most `runsMax`. */
  runs: CellRun[]
  /** The unfinished attempts: a running attempt first, then the waiting ones in the order of the queue. */
  open: OpenRun[]
  /** Why farm.yaml expects the cell to fail. A cell that passes has this reason, too. */
  known: string | null
  /** Null if the cell passes, or before the farm has examined the log. */
  failure: FailureView | null
  /** On how many hosts of its build the failure is. Null like `failure`. */
  spread: FailureSpread | null
  /** The newest build before the present failures that had the same failure. */
  seenBefore: SeenIn | null
  /** Null if the cell passes or has never passed. */
  sinceLastGood: SinceLastGood | null
  /** The acknowledgement of the failure; null without one, and if the cell passes. */
  acknowledged: Acknowledgement | null
}

export type CellOutcome = { kind: 'found'; cell: CellView } | { kind: 'unknown-cell' } | UnknownProject | UnknownBranch

/** A cell with its newest runs. Every query has a limit, so the cost does not grow with the history. */
export async function findCell(context: Context, address: CellAddress): Promise<CellOutcome> {
  const [branch, host] = await Promise.all([
    findBranch(context, address.project, address.branch),
    findCellHost(context, address.host, address.arch),
  ])
  if (branch.kind !== 'found') return branch
  if (!host) return { kind: 'unknown-cell' }
  const key = keyOfCell(branch, host, address)
  const [row, runs, open] = await Promise.all([
    findCellRow(context, key),
    cellRuns(context, key),
    openRuns(context, key),
  ])
  const planned = isPlanned(branch, host, address)
  if (!row && !planned && runs.length === 0) return { kind: 'unknown-cell' }
  const last = row ? recordOf(row) : null
  const known = last && knownFailures(branch.project, key.variant)(address.host, key.arch, last)
  const { project, arch, variant } = address
  const { branches, removedAt: branchDeletedAt } = branch
  const cell = { project, branch: branch.branch, branches, branchDeletedAt, host: address.host, arch, variant }
  const found = last && isFailed(last) ? await failureOf(context, key, { ...cell, last }) : noFailure
  return { kind: 'found', cell: { ...cell, planned, last, runs, open, known, ...found } }
}

const isFailed = ({ verdict }: CellRecord): boolean => isResult(verdict) && verdict !== 'passed'

const isPlanned = ({ project }: ProjectBranch, host: CellHost, { host: name, arch, variant }: CellAddress): boolean =>
  host.removedAt === null && host.declares && expectation(project, variant)(name, arch)

type FailingCell = Pick<CellView, 'project' | 'branch' | 'host' | 'arch' | 'variant'> & { last: CellRecord }

type FoundFailure = Pick<CellView, 'failure' | 'spread' | 'seenBefore' | 'sinceLastGood' | 'acknowledged'>

const noFailure: FoundFailure = {
  failure: null,
  spread: null,
  seenBefore: null,
  sinceLastGood: null,
  acknowledged: null,
}

async function failureOf(context: Context, key: CellKey, cell: FailingCell): Promise<FoundFailure> {
  const { last } = cell
  const { fingerprint, buildId, since } = last
  const attempt = parseAttemptName(last.attempt)
  const [failure, spread, seenBefore, changes, acknowledgements] = await Promise.all([
    attempt && findFailure(context, attempt),
    fingerprint === null ? null : failureSpread(context, { buildId, fingerprint }),
    fingerprint === null
      ? null
      : failureSeenBefore(context, { project: key.projectName, fingerprint, before: since.buildId }),
    sinceLastGood(context, key.hostId, key.arch, last),
    activeAcknowledgements(context, [key.projectName]),
  ])
  const acknowledged = acknowledgementOf({ ...cell, fingerprint }, acknowledgements)
  return { failure: failure ?? null, spread, seenBefore, sinceLastGood: changes, acknowledged }
}

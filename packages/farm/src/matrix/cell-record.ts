import { attemptName, type Verdict } from '@rumpfarm/contracts'
import type { CellState } from './cell.rule.ts'
import type { Flakiness } from './flakiness.rule.ts'
import type { CellRecord, Milestone } from './matrix-cell.rule.ts'

/** A time that PostgreSQL returns as a date, or as milliseconds since the epoch. */
type Time = Date | number

/** The columns of a cell that `recordOf` reads. */
export interface CellRow extends Flakiness {
  jobId: number
  number: number
  buildId: number
  commit: string
  position: number | null
  verdict: Verdict
  failedStep: string | null
  finishedAt: Time
  state: CellState
  fingerprint: string | null
  message: string | null
  expectedMs: number | null
  testsMissing: boolean
  sinceBuildId: number
  sinceJobId: number
  sinceCommit: string
  sinceAt: Time
  changedBuildId: number
  changedCommit: string
  changedAt: Time
  lastGoodBuildId: number | null
  lastGoodJobId: number | null
  lastGoodCommit: string | null
  lastGoodAt: Time | null
}

export function recordOf(row: CellRow): CellRecord {
  const { jobId, number, buildId, commit, position, verdict, failedStep, finishedAt, state } = row
  const { fingerprint, message, expectedMs, testsMissing, flaky, results, changes } = row
  return {
    jobId,
    attempt: attemptName({ jobId, number }),
    state,
    fingerprint,
    message,
    flakiness: { flaky, results, changes },
    expectedMs,
    testsMissing,
    buildId,
    commit,
    position,
    verdict,
    failedStep,
    finishedAt: dateOf(finishedAt),
    since: { buildId: row.sinceBuildId, jobId: row.sinceJobId, commit: row.sinceCommit, at: dateOf(row.sinceAt) },
    changed: changedOf(row),
    lastGood: lastGoodOf(row),
  }
}

const changedOf = ({ changedBuildId, sinceBuildId, changedCommit, changedAt }: CellRow): Milestone | null =>
  changedBuildId === sinceBuildId
    ? null
    : { buildId: changedBuildId, jobId: null, commit: changedCommit, at: dateOf(changedAt) }

type LastGood = Pick<CellRow, 'lastGoodBuildId' | 'lastGoodJobId' | 'lastGoodCommit' | 'lastGoodAt'>

export const lastGoodOf = (row: LastGood): Milestone | null =>
  row.lastGoodBuildId === null || row.lastGoodCommit === null || row.lastGoodAt === null
    ? null
    : { buildId: row.lastGoodBuildId, jobId: row.lastGoodJobId, commit: row.lastGoodCommit, at: dateOf(row.lastGoodAt) }

const dateOf = (time: Time): Date => (typeof time === 'number' ? new Date(Math.round(time)) : time)

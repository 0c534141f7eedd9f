import type { CellState } from './cell.rule.ts'
import { activityOf, lookOf, type Part } from './look.rule.ts'
import type { ActiveAttempt, CellRecord, Milestone } from './matrix-cell.rule.ts'

/** A cell of the dense matrix. The farm reads no more of it than its box and the news need. */
export interface GlanceCell extends Part {
  project: string
  branch: string
  host: string
  arch: string
  variant: string
  /** The job of the newest ended attempt; null if no attempt has ended. */
  jobId: number | null
  /** The fingerprint of the newest failure; null for other results, and before the farm has examined the failure. */
  fingerprint: string | null
  /** The start of the series of failures, or of passes. */
  since: Milestone | null
  lastGood: Milestone | null
  active: ActiveAttempt | null
}

export interface CellKey {
  project: string
  branch: string
  host: string
  arch: string
  variant: string
}

/** What the farm knows of a cell. */
export interface CellFacts {
  last: Pick<CellRecord, 'jobId' | 'verdict' | 'failedStep' | 'since' | 'changed' | 'lastGood'> | null
  state: CellState | null
  fingerprint: string | null
  flaky: boolean
  testsMissing: boolean
  /** Whether farm.yaml or an acknowledgement expects the failure. */
  expected: boolean
  prevented: boolean
  active: ActiveAttempt | null
}

export function glanceCell(key: CellKey, facts: CellFacts, atMs: number): GlanceCell {
  const { last, state, fingerprint, flaky, testsMissing, expected, prevented, active } = facts
  const look = lookOf(
    {
      verdict: last?.verdict ?? null,
      state,
      sinceMs: last?.since.at.getTime() ?? 0,
      changedMs: (last?.changed ?? last?.since)?.at.getTime() ?? 0,
      hasPassed: last !== null && last.lastGood !== null,
      flaky,
      testsMissing,
      expected,
      prevented,
      active: active?.state ?? null,
    },
    atMs,
  )
  const isActive = look === 'running' || look === 'queued'
  return {
    project: key.project,
    branch: key.branch,
    host: key.host,
    arch: key.arch,
    variant: key.variant,
    look,
    step: isActive ? (active?.step ?? null) : (last?.failedStep ?? null),
    timedOut: !isActive && last?.verdict === 'timed-out',
    sinceMs: (isActive ? active?.since : last?.since.at)?.getTime() ?? null,
    activity: activityOf(active?.state ?? null),
    jobId: last?.jobId ?? null,
    fingerprint,
    since: last?.since ?? null,
    lastGood: last?.lastGood ?? null,
    active,
  }
}

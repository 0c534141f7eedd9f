import type { Verdict } from '@rumpfarm/contracts'
import type { Statements } from '../db/client.ts'
import type { OutcomeKind } from './next-probe.rule.ts'
import type { BisectionState, Doubt, ProbePurpose, ProbeVerdict, RangeCommit, Run, Stop } from './state.rule.ts'

export interface BisectionRow {
  id: number
  projectName: string
  branch: string
  hostId: number
  arch: string
  variant: string
  goodCommit: string
  badCommit: string
  badJobId: number
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  symbol: string | null
  file: string | null
  expectedMs: number | null
  startedBy: string
  noiseRuns: number
  noiseFailed: number
  budgetSeconds: number
  pauseSeconds: number
  runsMax: number
  mergeOf: number | null
  failureRate: number | null
  state: 'preparing' | 'running' | 'finished'
  problem: string | null
  nextAt: Date | null
  cancelRequestedAt: Date | null
  outcome: OutcomeKind | null
  words: string | null
  low: number | null
  high: number | null
  createdAt: Date
  finishedAt: Date | null
}

export interface CellRow {
  number: number
  hostId: number
  arch: string
  variant: string
  jobId: number
}

export interface CommitRow extends RangeCommit {
  subject: string
  doubt: Doubt | null
  linesRead: boolean
}

export interface ProbeRow {
  number: number
  position: number
  cell: number
  hostId: number
  purpose: ProbePurpose | null
  jobId: number
  attempt: number
  verdict: ProbeVerdict | null
  fingerprint: string | null
  costMs: number
  reason: string | null
  createdAt: Date
  endedAt: Date | null
}

/** All rows of one bisection. */
export interface BisectionRows {
  bisection: BisectionRow
  cells: CellRow[]
  commits: CommitRow[]
  probes: ProbeRow[]
}

/** Reads the rows of a bisection. Undefined if there is no such bisection. */
export async function readRows(db: Statements, id: number): Promise<BisectionRows | undefined> {
  const [bisection] = await db.query<BisectionRow>`SELECT * FROM "Bisection" WHERE "id" = ${id}`
  if (!bisection) return undefined
  const cells = await db.query<CellRow>`SELECT * FROM "BisectionCell" WHERE "bisectionId" = ${id} ORDER BY "number"`
  const commits = await db.query<CommitRow>`
    SELECT * FROM "BisectionCommit" WHERE "bisectionId" = ${id} ORDER BY "position"`
  const probes = await db.query<ProbeRow>`SELECT * FROM "Probe" WHERE "bisectionId" = ${id} ORDER BY "number"`
  return { bisection, cells, commits, probes }
}

/** What the rules need to know beside the rows of the bisection. */
export interface Surroundings {
  awaited: readonly number[]
  idleHosts: readonly number[]
  stop: Stop | null
}

export const nothingElse: Surroundings = { awaited: [], idleHosts: [], stop: null }

/** The value that the rules decide on. */
export function stateOf(rows: BisectionRows, { awaited, idleHosts, stop }: Surroundings): BisectionState {
  const { bisection, cells, commits, probes } = rows
  return {
    commits,
    runs: probes.map(probe => runOf(probe, cells)).sort(byEnd),
    awaited,
    failureRate: bisection.failureRate,
    idleHosts,
    noise: { runs: bisection.noiseRuns, failed: bisection.noiseFailed },
    otherCells: cells.length - 1,
    budgetMs: bisection.budgetSeconds * 1000,
    runsMax: bisection.runsMax,
    expectedMs: bisection.expectedMs,
    pauseMs: bisection.pauseSeconds * 1000,
    insideMerge: bisection.mergeOf !== null,
    stop,
  }
}

const runOf = (
  { position, cell, purpose, verdict, costMs, endedAt, hostId }: ProbeRow,
  cells: readonly CellRow[],
): Run => ({
  position,
  cell,
  purpose,
  verdict,
  costMs,
  endedAt,
  hostId: hostId === cells[cell]?.hostId ? null : hostId,
})

/** A probe that has not ended is the last one. */
const byEnd = (one: Run, other: Run): number =>
  (one.endedAt?.getTime() ?? Number.POSITIVE_INFINITY) - (other.endedAt?.getTime() ?? Number.POSITIVE_INFINITY) || 0

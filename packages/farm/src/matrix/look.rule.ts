import { type AttemptState, type Look, looks, type Verdict } from '@rumpfarm/contracts'
import { type CellState, isResult } from './cell.rule.ts'

export { type Look, looks }

const ranks = new Map(looks.map((look, rank) => [look, rank]))
const rankOf = (look: Look): number => ranks.get(look) ?? looks.length

/** Looks of boxes that somebody should look at: the filter "only trouble" shows them. */
const troubles: ReadonlySet<Look> = new Set<Look>([
  'new',
  'unconfirmed',
  'failing',
  'old',
  'lost',
  'never-ran',
  'flaky',
  'tests-missing',
])
export const isTrouble = (look: Look): boolean => troubles.has(look)

const failures: ReadonlySet<Look> = new Set<Look>(['new', 'unconfirmed', 'failing', 'old'])
/** Whether a cell with this look fails, and nobody expects it. */
export const looksFailed = (look: Look): boolean => failures.has(look)

const hour = 3_600_000
/** A failure is new for this time. */
export const newMs = 24 * hour
/** A failure is old after this time. */
export const oldMs = 90 * 24 * hour

/** What a cell's look depends on. Times are milliseconds since the epoch. */
export interface LookFacts {
  /** Null if no attempt has ended. */
  verdict: Verdict | null
  /** Null for a cell without a result. */
  state: CellState | null
  sinceMs: number
  /** When the failure last changed its kind; `sinceMs` if it never did. */
  changedMs: number
  /** Whether the cell passed before its series of failures. */
  hasPassed: boolean
  flaky: boolean
  testsMissing: boolean
  /** Whether farm.yaml or an acknowledgement expects the failure. */
  expected: boolean
  /** Whether no new job can run here. */
  prevented: boolean
  active: Exclude<AttemptState, 'finished'> | null
}

export type Activity = 'running' | 'queued' | null

export const activityOf = (active: LookFacts['active']): Activity =>
  active === null ? null : active === 'running' || active === 'leased' ? 'running' : 'queued'

/** The look of one cell at a time, in milliseconds. */
export function lookOf(facts: LookFacts, atMs: number): Look {
  const { verdict, prevented, active } = facts
  if (verdict === null) return activityOf(active) ?? (prevented ? 'prevented' : 'never-ran')
  if (!isResult(verdict)) return activityOf(active) ?? (verdict === 'cancelled' ? 'cancelled' : 'lost')
  return verdict === 'passed' ? lookOfPass(facts, atMs) : lookOfFailure(facts, atMs)
}

function lookOfPass({ state, sinceMs, flaky, testsMissing, active }: LookFacts, atMs: number): Look {
  if (flaky || state === 'flaky') return 'flaky'
  if (testsMissing) return 'tests-missing'
  if (activityOf(active) === 'running') return 'running'
  return state === 'fixed' && atMs - sinceMs < newMs ? 'fixed' : 'passed'
}

function lookOfFailure({ state, sinceMs, changedMs, hasPassed, flaky, expected }: LookFacts, atMs: number): Look {
  if (expected) return 'known'
  if (flaky || state === 'flaky') return 'flaky'
  if (hasPassed && atMs - sinceMs < newMs) return state === 'newly-failing-unconfirmed' ? 'unconfirmed' : 'new'
  return atMs - Math.max(sinceMs, changedMs) < oldMs ? 'failing' : 'old'
}

/** A cell, as far as its box needs it. */
export interface Part {
  look: Look
  /** The words beside the sign: the failed or running step. */
  step: string | null
  /** Whether the cell's newest result is a timeout. */
  timedOut: boolean
  /** Start of the failure, the wait or the run, in milliseconds; null for a look without a start. */
  sinceMs: number | null
  activity: Activity
}

/** One box of the matrix: all cells of a host and an arch. */
export interface Box extends Part {
  /** How many of the box's cells have its look. For a failure: how many fail, whatever their age. */
  count: number
  /** How many cells the box has. */
  of: number
}

/**
 * The box of these cells, and of `passed` further cells that passed. The worst look wins. Of several cells with this
 * look, the newest failure or the longest wait is shown. `absent` are the cells of projects that never ran here: they
 * count only if no other project has a cell.
 */
export function foldBox(parts: readonly Part[], passed = 0, absent: readonly Part[] = []): Box {
  if (parts.length + passed === 0 && absent.length > 0) return foldBox(absent)
  let worst: Part | undefined
  let activity: Activity = null
  for (const part of parts) {
    if (part.activity === 'running' || activity === null) activity = part.activity ?? activity
    if (!worst || isWorse(part, worst)) worst = part
  }
  const of = parts.length + passed + absent.length
  if (!worst) return { look: 'passed', step: null, timedOut: false, sinceMs: null, activity, count: passed, of }
  const { look, step, timedOut, sinceMs } = worst
  let count = look === 'passed' ? passed : 0
  const fails = looksFailed(look)
  for (const part of parts) if (fails ? looksFailed(part.look) : part.look === look) count++
  return { look, step, timedOut, sinceMs, activity, count, of }
}

function isWorse(one: Part, other: Part): boolean {
  if (one.look !== other.look) return rankOf(one.look) < rankOf(other.look)
  const [a, b] = [one.sinceMs ?? 0, other.sinceMs ?? 0]
  return looksFailed(one.look) ? a > b : a < b
}

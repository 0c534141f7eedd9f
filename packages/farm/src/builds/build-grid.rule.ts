import type { AttemptState, Verdict } from '@rumpfarm/contracts'
import { type Column, orderArches } from '../matrix/arch-families.rule.ts'
import { activityOf, type Box, foldBox, type Look, looks, type Part } from '../matrix/look.rule.ts'
import { compareSystems } from '../matrix/systems.rule.ts'
import type { Effect } from './build-effects.rule.ts'

/** A job of a build, as far as its box needs it. */
export interface GridJob {
  jobId: number
  host: string
  os: string
  release: string
  arch: string
  effect: Effect
  state: AttemptState
  verdict: Verdict | null
  failedStep: string | null
  /** The end of the job, or the start of its wait. */
  at: Date
}

/** All variants of a build on a host for an arch. `jobId` is the job with the worst result. */
export type BuildBox = Box & { jobId: number }

export interface BuildGrid {
  columns: Column[]
  /** In groups by operating system. A box is null if the build has no job for it. */
  groups: { os: string; rows: { host: string; release: string; boxes: (BuildBox | null)[] }[] }[]
}

/** The jobs of a build as a grid of hosts and arches. */
export function buildGrid(jobs: readonly GridJob[]): BuildGrid {
  const columns = orderArches(jobs.map(({ arch }) => arch))
  const systems = [...new Set(jobs.map(({ os }) => os))].sort(compareSystems)
  const groups = systems.map(os => {
    const ofSystem = jobs.filter(job => job.os === os)
    const hosts = [...new Set(ofSystem.map(({ host }) => host))].sort()
    return {
      os,
      rows: hosts.map(host =>
        rowOf(
          ofSystem.filter(job => job.host === host),
          host,
          columns,
        ),
      ),
    }
  })
  return { columns, groups }
}

function rowOf(
  jobs: readonly GridJob[],
  host: string,
  columns: readonly Column[],
): BuildGrid['groups'][number]['rows'][number] {
  const boxes = columns.map(({ arch }) => boxOf(jobs.filter(job => job.arch === arch)))
  return { host, release: jobs[0]?.release ?? '', boxes }
}

function boxOf(jobs: readonly GridJob[]): BuildBox | null {
  const parts = jobs.map(job => ({ ...partOf(job), jobId: job.jobId }))
  const rank = (part: Part) => looks.indexOf(part.look)
  const [worst] = parts.toSorted((one, other) => rank(one) - rank(other))
  return worst ? { ...foldBox(parts), jobId: worst.jobId } : null
}

function partOf({ state, verdict, failedStep, effect, at }: GridJob): Part {
  const activity = activityOf(state === 'finished' ? null : state)
  const look = activity ?? lookOf(verdict, effect)
  const step = activity === null && verdict !== 'passed' ? failedStep : null
  return { look, step, timedOut: verdict === 'timed-out', sinceMs: at.getTime(), activity }
}

/** A build shows a failure as new if the build broke the cell. */
function lookOf(verdict: Verdict | null, effect: Effect): Look {
  if (verdict === 'cancelled') return 'cancelled'
  if (verdict === null || verdict === 'lost' || verdict === 'broken') return 'lost'
  if (effect === 'flaky') return 'flaky'
  if (verdict === 'passed') return effect === 'fixed' ? 'fixed' : 'passed'
  return effect === 'broke' ? 'new' : 'failing'
}

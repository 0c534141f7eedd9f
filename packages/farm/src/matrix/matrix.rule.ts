import type { ArchKind, AttemptState, OwnerRule, ProjectConfig, Verdict } from '@rumpfarm/contracts'
import { expectation } from '../builds/plan.rule.ts'
import { permitsSome } from '../hosts/owner.rule.ts'
import type { Presence } from '../hosts/presence.rule.ts'
import { isResult } from './cell.rule.ts'
import { knownFailures } from './known-failures.rule.ts'

export interface MatrixHost {
  name: string
  /** What uname says of it. */
  system: string
  presence: Presence
  lastSeenAt: Date
  /** Why it takes no work now. */
  refusal: string | null
  /** `unable`: why it cannot build for it now. */
  arches: { arch: string; kind: ArchKind; compiler: string; unable: string | null }[]
  /** What its owner allows; none: everything. */
  rules: OwnerRule[]
}

export interface Milestone {
  buildId: number
  commit: string
  at: Date
}

/** What is known of one project's variant on one host for one arch. */
export interface CellRecord {
  jobId: number
  buildId: number
  commit: string
  /** Where it stands on the branch's line; larger is newer. Null: the branch does not hold it any more. */
  position: number | null
  verdict: Verdict
  failedStep: string | null
  finishedAt: Date
  /** The first build of the unbroken run of passes, or of failures. */
  since: Milestone
  /** Of a cell that fails another way than at `since`: the build at which that began. Null: it has been the same since. */
  changed: Milestone | null
  lastGood: Milestone | null
}

/** An attempt that has not ended. */
export interface ActiveAttempt {
  jobId: number
  attempt: string
  buildId: number
  state: Exclude<AttemptState, 'finished'>
  /** The step it is at, as far as the host has said; null before it has begun. */
  step: string | null
  since: Date
}

export interface MatrixCell {
  host: string
  arch: string
  project: string
  branch: string
  variant: string
  /** Null: expected, and never ended yet. */
  last: CellRecord | null
  active: ActiveAttempt | null
  /** Why nothing new runs here: the host's owner does not allow it, or the host cannot build for the arch. */
  prevented: string | null
  /** Why its failure is no news, as farm.yaml says. Of a cell that passed: why it was to fail. */
  known: string | null
  /**
   * Only here, or everywhere? Of the project's other cells: how many have their result at the same commit (`of`), how many
   * of these ended with the same verdict at the same step (`cells`), and how many have no result of it yet (`notYet`).
   */
  alike: { cells: number; of: number; notYet: number }
}

export interface Matrix {
  at: Date
  projects: string[]
  /** Of each of these projects: the branch that is shown, and those that were built, the last pushed first. */
  branches: { project: string; shown: string; built: string[] }[]
  arches: string[]
  hosts: MatrixHost[]
  /** Every expected cell, by host, arch, project and variant. */
  cells: MatrixCell[]
}

export interface MatrixInput {
  at: Date
  projects: ProjectConfig[]
  branches: ReadonlyMap<string, { shown: string; built: string[] }>
  hosts: MatrixHost[]
  records: Map<string, CellRecord>
  active: Map<string, ActiveAttempt>
}

export const cellKey = (project: string, host: string, arch: string, variant: string): string =>
  `${project}\n${host}\n${arch}\n${variant}`

/** The matrix from what is expected, so that a cell that never ran is there to be seen. */
export function drawMatrix({ at, projects, branches, hosts, records, active }: MatrixInput): Matrix {
  const shownOf = (name: string) => branches.get(name)?.shown ?? ''
  const wanted = projects.flatMap(project =>
    Object.keys(project.variants).map(variant => ({
      project,
      variant,
      expects: expectation(project, variant),
      known: knownFailures(project, variant),
    })),
  )
  const cells = hosts.flatMap(host => {
    const forbidden = new Set(projects.filter(project => !permitsSome(host.rules, project)))
    return host.arches.flatMap(({ arch, unable }) =>
      wanted
        .filter(({ expects }) => expects(host.name, arch))
        .map(({ project, variant, known }) => {
          const key = cellKey(project.name, host.name, arch, variant)
          const last = records.get(key) ?? null
          return {
            host: host.name,
            arch,
            project: project.name,
            branch: shownOf(project.name),
            variant,
            last,
            active: active.get(key) ?? null,
            prevented: forbidden.has(project)
              ? "not allowed by the host's owner"
              : unable && `the host cannot build for it: ${unable}`,
            known: last && known(host.name, arch, last),
            alike: { cells: 0, of: 0, notYet: 0 },
          }
        }),
    )
  })
  countAlike(cells)
  const arches = [...new Set(hosts.flatMap(host => host.arches.map(({ arch }) => arch)))].sort()
  const named = projects.map(({ name }) => ({
    project: name,
    shown: shownOf(name),
    built: branches.get(name)?.built ?? [],
  }))
  return { at, projects: projects.map(({ name }) => name), branches: named, arches, hosts, cells }
}

function countAlike(cells: readonly MatrixCell[]): void {
  const counts = new Map<string, number>()
  const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  const results = cells.filter(({ last }) => last && isResult(last.verdict))
  for (const cell of results) {
    count(commitOf(cell))
    count(endingOf(cell))
  }
  const notYet = countNotYet(cells)
  for (const cell of results) {
    cell.alike = {
      cells: (counts.get(endingOf(cell)) ?? 1) - 1,
      of: (counts.get(commitOf(cell)) ?? 1) - 1,
      notYet: notYet(cell.project, cell.last?.position ?? 0),
    }
  }
}

/** How many cells of a project could still get their result of a commit: they have none, or one of an older commit. */
function countNotYet(cells: readonly MatrixCell[]): (project: string, position: number) => number {
  const newest = new Map<string, number[]>() // by project: the position of each cell's result, 0 for none
  for (const { project, last, prevented } of cells) {
    const position = last && isResult(last.verdict) ? (last.position ?? 0) : 0
    if (position === 0 && prevented !== null) continue
    const positions = newest.get(project)
    if (positions) positions.push(position)
    else newest.set(project, [position])
  }
  const known = new Map<string, number>() // a matrix has few commits and many cells
  return (project, position) => {
    const key = `${project}\n${position}`
    const count = known.get(key) ?? newest.get(project)?.filter(other => other < position).length ?? 0
    known.set(key, count)
    return count
  }
}

const commitOf = ({ project, last }: MatrixCell) => `${project}\n${last?.commit}`
const endingOf = (cell: MatrixCell) => `${commitOf(cell)}\n${cell.last?.verdict}\n${cell.last?.failedStep ?? ''}`

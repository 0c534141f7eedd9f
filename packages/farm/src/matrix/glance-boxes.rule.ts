import type { ProjectConfig } from '@rumpfarm/contracts'
import { type Acknowledgement, acknowledgementOf } from '../acknowledgements/acknowledged.rule.ts'
import { expectedNames } from '../builds/plan.rule.ts'
import { permitsSome } from '../hosts/owner.rule.ts'
import type { Matcher } from '../projects/patterns.rule.ts'
import { boxKey } from './glance.rule.ts'
import { type CellKey, type GlanceCell, glanceCell } from './glance-cell.rule.ts'
import { knownFailures } from './known-failures.rule.ts'
import { type Box, foldBox, type Part } from './look.rule.ts'
import { cellKey, type MatrixHost } from './matrix.rule.ts'
import { type ActiveAttempt, type CellRecord, isFailure } from './matrix-cell.rule.ts'

/** A variant of a project, with the branch whose cells the matrix shows. Its index is its bit in the sets of a box. */
export interface Kind {
  project: ProjectConfig
  branch: string
  variant: string
}

/** What the farm reads of a cell that did not simply pass. */
export type ReadCell = Pick<
  CellRecord,
  'jobId' | 'verdict' | 'failedStep' | 'state' | 'fingerprint' | 'testsMissing' | 'since' | 'changed' | 'lastGood'
> & {
  kind: number
  host: string
  arch: string
  flaky: boolean
}

/** Sets of kinds: 30 of them in a number, because a number has 31 bits for this. */
export const bitsPerWord = 30

export interface BoxesInput {
  atMs: number
  kinds: readonly Kind[]
  hosts: readonly MatrixHost[]
  /** If set, only the boxes of this arch. */
  onlyArch: string | undefined
  /** The cells that did not simply pass. */
  cells: readonly ReadCell[]
  /** For each box, the kinds that have a cell. Those that are not in `cells` passed. */
  known: ReadonlyMap<string, readonly number[]>
  active: ReadonlyMap<string, ActiveAttempt>
  acknowledgements: readonly Acknowledgement[]
}

export interface Boxes {
  boxes: Map<string, Box>
  /** Every cell that failed, that is fixed, that is flaky, or that has an active attempt. */
  cells: GlanceCell[]
  /** The hosts that build a project, by the project's name. */
  hosts: Map<string, Set<string>>
}

/** Folds the cells of each host and arch into a box. Only the cells that did not simply pass cost time. */
export function foldBoxes(input: BoxesInput): Boxes {
  const { kinds, hosts, known } = input
  const words = Math.ceil(kinds.length / bitsPerWord)
  const setOf = remembering(
    kinds.map(({ project, variant }) => expectedNames(project, variant)),
    words,
  )
  const read = cellsByBox(input.cells)
  const active = activeByBox(input)
  const all: Boxes = {
    boxes: new Map(),
    cells: [],
    hosts: new Map(kinds.map(({ project }) => [project.name, new Set()])),
  }
  for (const host of hosts) {
    const forbidden = new Set(kinds.map(({ project }) => project).filter(project => !permitsSome(host.rules, project)))
    const expected = setOf.host(host.name)
    noteHost(all, host, kinds, expected, setOf.arch)
    for (const { arch, unable } of host.arches) {
      if (input.onlyArch !== undefined && arch !== input.onlyArch) continue
      const planned = and(expected, setOf.arch(arch))
      if (isEmpty(planned)) continue
      const key = boxKey(host.name, arch)
      const context = { ...input, host: host.name, arch, prevented: unable !== null, forbidden }
      const passing = and(planned, known.get(key) ?? none)
      const { parts, left } = partsOf(context, planned, passing, read.get(key) ?? [], active.get(key) ?? [])
      for (const part of parts) if ('project' in part) all.cells.push(part as GlanceCell)
      all.boxes.set(key, foldBox(parts, left))
    }
  }
  return all
}

type Set_ = readonly number[]
const none: Set_ = []
const and = (one: Set_, other: Set_): number[] => one.map((word, index) => word & (other[index] ?? 0))
const without = (one: Set_, other: Set_): number[] => one.map((word, index) => word & ~(other[index] ?? 0))
const isEmpty = (set: Set_): boolean => set.every(word => word === 0)
/** The kinds that are in one of the sets. */
export const union = (one: Set_, other: Set_): number[] =>
  Array.from({ length: Math.max(one.length, other.length) }, (_, index) => (one[index] ?? 0) | (other[index] ?? 0))
/** Adds a kind to the set, and returns the set. */
export function withKind(set: number[], kind: number): number[] {
  const word = Math.floor(kind / bitsPerWord)
  while (set.length <= word) set.push(0)
  add(set, kind)
  return set
}
const has = (set: Set_, kind: number): boolean =>
  ((set[Math.floor(kind / bitsPerWord)] ?? 0) & (1 << (kind % bitsPerWord))) !== 0
const sizeOf = (set: Set_): number => set.reduce((sum, word) => sum + bits(word), 0)
const add = (set: number[], kind: number): void => {
  const word = Math.floor(kind / bitsPerWord)
  set[word] = (set[word] ?? 0) | (1 << (kind % bitsPerWord))
}

function bits(word: number): number {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}

/** The kinds that a host, or an arch, is expected to build. */
function remembering(names: readonly { hosts: Matcher; arches: Matcher }[], words: number) {
  const setOf = (which: 'hosts' | 'arches') => {
    const known = new Map<string, number[]>()
    return (name: string): number[] => {
      let set = known.get(name)
      if (!set) {
        set = new Array<number>(words).fill(0)
        for (const [kind, matchers] of names.entries()) if (matchers[which](name)) add(set, kind)
        known.set(name, set)
      }
      return set
    }
  }
  return { host: setOf('hosts'), arch: setOf('arches') }
}

function noteHost(
  all: Boxes,
  host: MatrixHost,
  kinds: readonly Kind[],
  expected: Set_,
  archSet: (arch: string) => Set_,
) {
  const any = new Array<number>(expected.length).fill(0)
  for (const { arch } of host.arches)
    for (const [word, value] of archSet(arch).entries()) any[word] = (any[word] ?? 0) | value
  const builds = and(expected, any)
  for (const [kind, { project }] of kinds.entries()) if (has(builds, kind)) all.hosts.get(project.name)?.add(host.name)
}

function cellsByBox(cells: readonly ReadCell[]): Map<string, ReadCell[]> {
  const byBox = new Map<string, ReadCell[]>()
  for (const cell of cells) {
    const key = boxKey(cell.host, cell.arch)
    const others = byBox.get(key)
    if (others) others.push(cell)
    else byBox.set(key, [cell])
  }
  return byBox
}

/** The kinds with an active attempt, by box. */
function activeByBox({ kinds, active, hosts }: BoxesInput): Map<string, number[]> {
  const byBox = new Map<string, number[]>()
  if (active.size === 0) return byBox
  for (const host of hosts)
    for (const { arch } of host.arches)
      for (const [kind, { project, variant }] of kinds.entries())
        if (active.has(cellKey(project.name, host.name, arch, variant))) {
          const key = boxKey(host.name, arch)
          byBox.set(key, [...(byBox.get(key) ?? []), kind])
        }
  return byBox
}

interface BoxContext extends BoxesInput {
  host: string
  arch: string
  prevented: boolean
  forbidden: ReadonlySet<ProjectConfig>
}

const neverRan: Part = { look: 'never-ran', step: null, timedOut: false, sinceMs: null, activity: null }
const cannotRun: Part = { ...neverRan, look: 'prevented' }

/** The parts of a box that need attention, and how many further cells passed. */
function partsOf(
  context: BoxContext,
  planned: Set_,
  passing: Set_,
  read: readonly ReadCell[],
  active: readonly number[],
) {
  const seen = new Array<number>(planned.length).fill(0)
  const parts: Part[] = []
  for (const cell of read) {
    if (!has(planned, cell.kind)) continue
    add(seen, cell.kind)
    parts.push(partOf(context, cell.kind, cell))
  }
  for (const kind of active) {
    if (!has(planned, kind) || has(seen, kind)) continue
    add(seen, kind)
    parts.push(partOf(context, kind, null, has(passing, kind)))
  }
  const rest = without(without(planned, seen), passing)
  if (!isEmpty(rest)) {
    for (const [kind, { project }] of context.kinds.entries())
      if (has(rest, kind)) parts.push(context.prevented || context.forbidden.has(project) ? cannotRun : neverRan)
  }
  return { parts, left: sizeOf(without(passing, seen)) }
}

const plainPass = {
  verdict: 'passed',
  failedStep: null,
  state: 'passing',
  fingerprint: null,
  testsMissing: false,
} as const
const unknownStart = { buildId: 0, jobId: null, commit: '', at: new Date(0) }

function partOf(context: BoxContext, index: number, cell: ReadCell | null, passes = false): GlanceCell {
  const { host, arch, atMs, prevented, forbidden, active } = context
  const { project, branch, variant } = context.kinds[index] as Kind
  const key = { project: project.name, branch, host, arch, variant }
  const last = cell ?? (passes ? { ...plainPass, jobId: 0, since: unknownStart, changed: null, lastGood: null } : null)
  return glanceCell(
    key,
    {
      last,
      state: last?.state ?? null,
      fingerprint: cell?.fingerprint ?? null,
      flaky: cell?.flaky ?? false,
      testsMissing: cell?.testsMissing ?? false,
      expected: cell !== null && isExpected(key, project, cell, context.acknowledgements),
      prevented: prevented || forbidden.has(project),
      active: active.get(cellKey(project.name, host, arch, variant)) ?? null,
    },
    atMs,
  )
}

/** Whether farm.yaml or an acknowledgement expects the failure of a cell. */
function isExpected(
  key: CellKey,
  project: ProjectConfig,
  cell: ReadCell,
  acknowledgements: readonly Acknowledgement[],
): boolean {
  if (!isFailure(cell.verdict)) return false
  if (acknowledgementOf({ ...key, fingerprint: cell.fingerprint }, acknowledgements)) return true
  return knownFailures(project, key.variant)(key.host, key.arch, cell) !== null
}

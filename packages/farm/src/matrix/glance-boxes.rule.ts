import type { ProjectConfig } from '@rumpfarm/contracts'
import { type Acknowledgement, acknowledgementOf } from '../acknowledgements/acknowledged.rule.ts'
import { expectedNames } from '../builds/plan.rule.ts'
import { permitsSome } from '../hosts/owner.rule.ts'
import type { Matcher } from '../projects/patterns.rule.ts'
import { boxKey } from './glance.rule.ts'
import { type CellKey, type GlanceCell, glanceCell } from './glance-cell.rule.ts'
import { knownFailures } from './known-failures.rule.ts'
import { type Box, foldBox, type Part } from './look.rule.ts'
import { cellOfKey, type MatrixHost } from './matrix.rule.ts'
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

/**
 * Folds the cells of each host and arch into a box. Only the cells that did not simply pass cost time. Objects of this
 * code are written without spread, because spread needs several microseconds for each object.
 */
export function foldBoxes(input: BoxesInput): Boxes {
  const { kinds, hosts, known } = input
  const isKnown = rememberedFailures(kinds)
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
      const place = { input, host: host.name, arch, prevented: unable !== null, forbidden, isKnown }
      const passing = and(planned, known.get(key) ?? none)
      const { parts, left, absent } = partsOf(
        place,
        planned,
        passing,
        read.get(key) ?? [],
        active.get(key) ?? [],
        all.cells,
      )
      all.boxes.set(key, foldBox(parts, left, absent))
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

interface ActiveKind {
  kind: number
  attempt: ActiveAttempt
}

/** The active attempts of the kinds, by box. */
function activeByBox({ kinds, active }: BoxesInput): Map<string, ActiveKind[]> {
  const numbers = new Map(kinds.map(({ project, variant }, kind) => [`${project.name}\n${variant}`, kind]))
  const byBox = new Map<string, ActiveKind[]>()
  for (const [cell, attempt] of active) {
    const { project, host, arch, variant } = cellOfKey(cell)
    const kind = numbers.get(`${project}\n${variant}`)
    if (kind === undefined) continue
    const key = boxKey(host, arch)
    const others = byBox.get(key)
    if (others) others.push({ kind, attempt })
    else byBox.set(key, [{ kind, attempt }])
  }
  for (const kindsOfBox of byBox.values()) kindsOfBox.sort((one, other) => one.kind - other.kind)
  return byBox
}

type IsKnown = (kind: number, host: string, arch: string, last: LastFacts) => boolean

/** Whether farm.yaml expects the failure of a cell. The patterns of a kind are prepared only once. */
function rememberedFailures(kinds: readonly Kind[]): IsKnown {
  const rules: ReturnType<typeof knownFailures>[] = []
  return (kind, host, arch, last) => {
    const { project, variant } = kinds[kind] as Kind
    const rule = rules[kind] ?? knownFailures(project, variant)
    rules[kind] = rule
    return rule(host, arch, last) !== null
  }
}

/** A box, and what its cells share. */
interface Place {
  input: BoxesInput
  host: string
  arch: string
  prevented: boolean
  forbidden: ReadonlySet<ProjectConfig>
  isKnown: IsKnown
}

const neverRan: Part = { look: 'never-ran', step: null, timedOut: false, sinceMs: null, activity: null }
const cannotRun: Part = { ...neverRan, look: 'prevented' }

/**
 * The parts of a box that need attention, how many further cells passed, and the cells of the projects that never ran
 * here. Adds the cells of the other parts to `cells`.
 */
function partsOf(
  place: Place,
  planned: Set_,
  passing: Set_,
  read: readonly ReadCell[],
  active: readonly ActiveKind[],
  cells: GlanceCell[],
) {
  const seen = new Array<number>(planned.length).fill(0)
  const parts: Part[] = []
  const absent: Part[] = []
  const put = (kind: number, last: LastFacts | null, attempt: ActiveAttempt | null) => {
    add(seen, kind)
    const cell = partOf(place, kind, last, attempt)
    parts.push(cell)
    cells.push(cell)
  }
  for (const cell of read)
    if (has(planned, cell.kind)) put(cell.kind, cell, active.find(({ kind }) => kind === cell.kind)?.attempt ?? null)
  for (const { kind, attempt } of active)
    if (has(planned, kind) && !has(seen, kind)) put(kind, has(passing, kind) ? plainPass : null, attempt)
  const rest = without(without(planned, seen), passing)
  if (!isEmpty(rest)) {
    const present = projectsOf(place.input.kinds, union(seen, passing))
    for (const [kind, { project }] of place.input.kinds.entries())
      if (has(rest, kind)) {
        const part = place.prevented || place.forbidden.has(project) ? cannotRun : neverRan
        if (present.has(project)) parts.push(part)
        else absent.push(part)
      }
  }
  return { parts, left: sizeOf(without(passing, seen)), absent }
}

const projectsOf = (kinds: readonly Kind[], set: Set_): Set<ProjectConfig> =>
  new Set(kinds.filter((_, kind) => has(set, kind)).map(({ project }) => project))

type LastFacts = Omit<ReadCell, 'kind' | 'host' | 'arch'>

const unknownStart = { buildId: 0, jobId: null, commit: '', at: new Date(0) }
/** A cell that passed: the farm reads no more of it. */
const plainPass: LastFacts = {
  verdict: 'passed',
  failedStep: null,
  state: 'passing',
  fingerprint: null,
  flaky: false,
  testsMissing: false,
  jobId: 0,
  since: unknownStart,
  changed: null,
  lastGood: null,
}

function partOf(place: Place, kind: number, last: LastFacts | null, active: ActiveAttempt | null): GlanceCell {
  const { host, arch, input } = place
  const { project, branch, variant } = input.kinds[kind] as Kind
  const key = { project: project.name, branch, host, arch, variant }
  return glanceCell(
    key,
    {
      last,
      state: last?.state ?? null,
      fingerprint: last?.fingerprint ?? null,
      flaky: last?.flaky ?? false,
      testsMissing: last?.testsMissing ?? false,
      expected: last !== null && isExpected(place, kind, key, last),
      prevented: place.prevented || place.forbidden.has(project),
      active,
    },
    input.atMs,
  )
}

/** Whether farm.yaml or an acknowledgement expects the failure of a cell. */
function isExpected({ input, isKnown }: Place, kind: number, key: CellKey, last: LastFacts): boolean {
  if (!isFailure(last.verdict)) return false
  const { acknowledgements } = input
  if (acknowledgements.length > 0) {
    const { project, branch, host, arch, variant } = key
    const failing = { project, branch, host, arch, variant, fingerprint: last.fingerprint }
    if (acknowledgementOf(failing, acknowledgements)) return true
  }
  return isKnown(kind, key.host, key.arch, last)
}

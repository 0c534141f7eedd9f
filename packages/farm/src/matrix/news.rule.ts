import type { GlanceCell } from './glance-cell.rule.ts'
import type { Milestone } from './matrix-cell.rule.ts'

/** Cells of a project that probably changed for one reason. People see them as one failure, or as one correction. */
export interface Cause {
  project: string
  branch: string
  /** `fixed`: the cells pass again. */
  kind: 'new' | 'unconfirmed' | 'still' | 'fixed'
  step: string | null
  timedOut: boolean
  fingerprint: string | null
  /** The first failing commit, or the commit that passes again. The oldest of the cells' commits. */
  since: Milestone
  /** The newest commit that passed before; null if no cell passed before. */
  lastGood: Milestone | null
  /** The names of the hosts of the cells. */
  hosts: string[]
  /** How many hosts build the project. */
  of: number
  /** How many hosts fail in the same way since an earlier day. */
  before: number
  cells: [GlanceCell, ...GlanceCell[]]
  /** How many commits the range (lastGood, since] has; null if the farm does not know it. */
  commits: number | null
  /** The author and the subject of `since`, if it is the only commit of the range: only then one person can be named. */
  author: string | null
  subject: string | null
  /** The first error line of one of the cells. */
  message: string | null
  /** How many hosts have a result of `since` or of a newer commit; null if the farm did not count them. */
  reached: number | null
}

export interface News {
  /** The newest cause is first in each list. */
  failing: Cause[]
  fixed: Cause[]
  still: Cause[]
  /** Hosts that should be online but send nothing; the longest silence is first. */
  silent: { host: string; since: Date }[]
  /** The job that waits longest. */
  longestWait: LongestWait | null
}

export interface LongestWait {
  jobId: number
  host: string
  arch: string
  since: Date
}

interface Silent {
  name: string
  presence: string
  lastSeenAt: Date
}

/** `hostsOf`: how many hosts build a project. */
export function newsOf(
  cells: readonly GlanceCell[],
  hosts: readonly Silent[],
  hostsOf: (project: string) => number,
): Omit<News, 'longestWait'> {
  const having = (...looks: GlanceCell['look'][]) => cells.filter(({ look }) => looks.includes(look))
  const still = causesOf(having('failing', 'old'), 'still', hostsOf)
  const failing = causesOf(having('new', 'unconfirmed'), 'new', hostsOf)
  return {
    failing: failing.map(cause => ({ ...cause, kind: kindOf(cause), before: hostsBefore(cause, still) })),
    fixed: causesOf(having('fixed'), 'fixed', hostsOf),
    still,
    silent: hosts
      .filter(({ presence }) => presence === 'silent')
      .map(({ name, lastSeenAt }) => ({ host: name, since: lastSeenAt }))
      .sort((a, b) => a.since.getTime() - b.since.getTime()),
  }
}

/** A cause with one confirmed failure is confirmed. */
const kindOf = ({ cells }: Cause): Cause['kind'] => (cells.some(({ look }) => look === 'new') ? 'new' : 'unconfirmed')

const hostsBefore = ({ project, fingerprint }: Cause, still: readonly Cause[]): number =>
  fingerprint === null
    ? 0
    : new Set(
        still
          .filter(cause => cause.project === project && cause.cells.some(cell => cell.fingerprint === fingerprint))
          .flatMap(({ hosts }) => hosts),
      ).size

/**
 * Groups cells in two passes. First, cells with one fingerprint at one step are one cause; without a fingerprint, the
 * first failing commit replaces it. Then causes that started with the same commit at the same step become one, because
 * compilers report one mistake in different words.
 */
function causesOf(cells: readonly GlanceCell[], kind: Cause['kind'], hostsOf: (project: string) => number): Cause[] {
  const how = (cell: GlanceCell) => [cell.project, cell.branch, cell.step, cell.timedOut].join('\n')
  const first = groupBy(cells, cell => `${how(cell)}\n${cell.fingerprint ?? cell.since?.commit}`)
  const second = groupBy(first, group => `${how(group[0])}\n${oldest(group).commit}`)
  return second
    .map(groups => causeOf(groups.flat() as [GlanceCell, ...GlanceCell[]], kind, hostsOf))
    .sort((a, b) => b.since.at.getTime() - a.since.at.getTime() || b.cells.length - a.cells.length)
}

function causeOf(
  cells: [GlanceCell, ...GlanceCell[]],
  kind: Cause['kind'],
  hostsOf: (project: string) => number,
): Cause {
  const [{ project, branch, step, timedOut }] = cells
  const prints = new Set(cells.map(({ fingerprint }) => fingerprint))
  return {
    project,
    branch,
    kind,
    step,
    timedOut,
    fingerprint: prints.size === 1 ? (cells[0].fingerprint ?? null) : null,
    since: oldest(cells),
    lastGood: newestGood(cells),
    hosts: [...new Set(cells.map(({ host }) => host))],
    of: hostsOf(project),
    before: 0,
    cells,
    commits: commitsBetween(newestGood(cells), oldest(cells)),
    author: null,
    subject: null,
    message: null,
    reached: null,
  }
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): [Item, ...Item[]][] {
  const groups = new Map<string, [Item, ...Item[]]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return [...groups.values()]
}

const never: Milestone = { buildId: 0, jobId: null, commit: '', at: new Date(0) }

/** The order of commits is their position on the branch; the time helps if a commit has no position. */
const isBefore = (one: Milestone, other: Milestone): boolean =>
  one.position != null && other.position != null ? one.position < other.position : one.at < other.at

const oldest = (cells: readonly GlanceCell[]): Milestone =>
  cells.map(({ since }) => since ?? never).reduce((one, other) => (isBefore(other, one) ? other : one))

function newestGood(cells: readonly GlanceCell[]): Milestone | null {
  const good = cells.flatMap(({ lastGood }) => lastGood ?? [])
  return good.length === 0 ? null : good.reduce((one, other) => (isBefore(one, other) ? other : one))
}

function commitsBetween(good: Milestone | null, since: Milestone): number | null {
  if (good?.position == null || since.position == null) return null
  return since.position > good.position ? since.position - good.position : null
}

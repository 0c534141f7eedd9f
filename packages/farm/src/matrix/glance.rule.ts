import { type Column, orderArches } from './arch-families.rule.ts'
import type { GlanceCell } from './glance-cell.rule.ts'
import type { ChangeCounts, LookCounts } from './headline.rule.ts'
import { type Box, isTrouble, type Look, looks } from './look.rule.ts'
import type { MatrixHost, ShownBranch } from './matrix.rule.ts'
import { type LongestWait, type News, newsOf } from './news.rule.ts'
import { compareSystems } from './systems.rule.ts'

/** Which boxes the dense matrix shows. The cells are already those of the filter's projects and variants. */
export interface BoxFilter {
  /** Part of a host's name, or a pattern with `*`. */
  host?: string | undefined
  os?: string | undefined
  arch?: string | undefined
  /** Only boxes with this look. */
  status?: Look | undefined
  /** Only boxes that somebody should look at. */
  trouble?: boolean | undefined
  /** Also the hosts and arches without a box. */
  empty?: boolean | undefined
}

export interface GlanceRow {
  host: Pick<MatrixHost, 'name' | 'os' | 'release' | 'presence' | 'lastSeenAt' | 'refusal'>
  /** One for each column; null if the host does not build for the arch, or if the filter leaves the box out. */
  boxes: (Box | null)[]
}

/** The matrix at a glance: one box for each host and arch, over all projects and variants of the filter. */
export interface Glance {
  at: Date
  projects: string[]
  branches: ShownBranch[]
  columns: Column[]
  /** In groups by operating system. */
  groups: { os: string; rows: GlanceRow[] }[]
  /** The values that the filters of the page offer. */
  choices: { projects: string[]; variants: string[]; os: string[]; arches: string[] }
  /** Hosts and arches that the grid leaves out, because they have no box. */
  empty: { hosts: string[]; arches: string[] }
  /** Boxes by look, before the filters `status` and `trouble`. */
  counts: LookCounts
  changes: ChangeCounts
  news: News
}

export interface GlanceInput {
  at: Date
  projects: string[]
  /** The projects and variants that the filters of the page offer. */
  offered: { projects: string[]; variants: string[] }
  branches: ShownBranch[]
  hosts: readonly MatrixHost[]
  /** The boxes of the filter's hosts and arches, by `boxKey`. */
  boxes: ReadonlyMap<string, Box>
  /** The cells that failed, that are fixed, or that have an active attempt. */
  cells: readonly GlanceCell[]
  /** How many hosts build a project. */
  hostsOf: (project: string) => number
  longestWait: LongestWait | null
  filter: BoxFilter
}

export const boxKey = (host: string, arch: string): string => `${host}\n${arch}`

export function composeGlance({
  at,
  projects,
  branches,
  hosts,
  boxes,
  cells,
  hostsOf,
  longestWait,
  filter,
  offered,
}: GlanceInput): Glance {
  const wanted = hosts.filter(hostFilter(filter))
  const grid = gridOf(wanted, boxes, filter)
  const news = { ...newsOf(cells, wanted, hostsOf), longestWait }
  return {
    at,
    projects,
    branches,
    ...grid,
    choices: {
      ...offered,
      os: [...new Set(hosts.map(({ os }) => os))].sort(compareSystems),
      arches: orderArches(hosts.flatMap(({ arches }) => arches.map(({ arch }) => arch))).map(({ arch }) => arch),
    },
    changes: changesOf(news),
    news,
  }
}

function changesOf({ failing, fixed, still }: Pick<News, 'failing' | 'fixed' | 'still'>): ChangeCounts {
  const boxes = (cells: readonly GlanceCell[]) => new Set(cells.map(({ host, arch }) => boxKey(host, arch))).size
  const cells = failing.flatMap(cause => cause.cells)
  const fresh = boxes(cells.filter(({ look }) => look === 'new'))
  return {
    new: fresh,
    unconfirmed: boxes(cells) - fresh,
    fixed: boxes(fixed.flatMap(cause => cause.cells)),
    still: boxes(still.flatMap(cause => cause.cells)),
  }
}

/** Whether a host belongs to the filter. */
export function hostFilter({ host, os }: BoxFilter): (host: Pick<MatrixHost, 'name' | 'os'>) => boolean {
  const pieces = host?.toLowerCase().split('*')
  return ({ name, os: own }) => (os === undefined || own === os) && (!pieces || contains(name.toLowerCase(), pieces))
}

/** Without a star, the name must contain the text. With stars, the whole name must match. */
function contains(name: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return name.includes(first)
  if (!name.startsWith(first)) return false
  let from = first.length
  for (const piece of rest) {
    const found = name.indexOf(piece, from)
    if (found === -1) return false
    from = found + piece.length
  }
  return name.endsWith(last) && name.length - last.length >= from
}

function gridOf(hosts: readonly MatrixHost[], boxes: ReadonlyMap<string, Box>, filter: BoxFilter) {
  const counts = Object.fromEntries(looks.map(look => [look, 0])) as Record<Look, number>
  const found = new Map<string, Map<string, Box>>() // by host, then by arch
  const used = new Set<string>()
  for (const { name, arches } of hosts) {
    const own = new Map<string, Box>()
    for (const { arch } of arches) {
      if (filter.arch !== undefined && arch !== filter.arch) continue
      const box = boxes.get(boxKey(name, arch))
      if (!box) continue
      counts[box.look]++
      if (!isShown(box, filter)) continue
      own.set(arch, box)
      used.add(arch)
    }
    if (own.size > 0) found.set(name, own)
  }
  const all = orderArches(hosts.flatMap(({ arches }) => arches.map(({ arch }) => arch)))
  // Before the first build of a farm, the grid shows its hosts without boxes.
  const whole = filter.empty === true || (used.size === 0 && filter.status === undefined && !filter.trouble)
  const columns = whole ? all : all.filter(({ arch }) => used.has(arch))
  const listed = whole ? hosts : hosts.filter(({ name }) => found.has(name))
  return {
    columns,
    groups: groupsOf(listed, columns, found),
    empty: {
      hosts: whole ? [] : hosts.filter(({ name }) => !found.has(name)).map(({ name }) => name),
      arches: whole ? [] : all.filter(({ arch }) => !used.has(arch)).map(({ arch }) => arch),
    },
    counts,
  }
}

const isShown = ({ look }: Box, { status, trouble }: BoxFilter): boolean =>
  (status === undefined || look === status) && (!trouble || isTrouble(look))

function groupsOf(
  hosts: readonly MatrixHost[],
  columns: readonly Column[],
  found: ReadonlyMap<string, ReadonlyMap<string, Box>>,
): Glance['groups'] {
  const groups = new Map<string, GlanceRow[]>()
  for (const host of hosts) {
    const own = found.get(host.name)
    const row = { host, boxes: columns.map(({ arch }) => own?.get(arch) ?? null) }
    const others = groups.get(host.os)
    if (others) others.push(row)
    else groups.set(host.os, [row])
  }
  return [...groups].map(([os, rows]) => ({ os, rows })).sort((a, b) => compareSystems(a.os, b.os))
}

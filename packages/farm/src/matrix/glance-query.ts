import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ProjectConfig } from '@rumpfarm/contracts'
import { activeAcknowledgements } from '../acknowledgements/acknowledgements.ts'
import type { Context } from '../context.ts'
import { raw, sql } from '../db/sql.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { activeAttempts } from './active-attempts.ts'
import { projectBranches } from './branch-queries.ts'
import { describeCauses, readPositions } from './cause-details.ts'
import { type BoxFilter, boxKey, composeGlance, type Glance, hostFilter } from './glance.rule.ts'
import { foldBoxes, type Kind, type ReadCell, union, withKind } from './glance-boxes.rule.ts'
import { longestWait } from './longest-wait.ts'
import { newMs } from './look.rule.ts'
import { matrixHosts } from './matrix-hosts.ts'
import type { MatrixFilter } from './matrix-query.ts'

export interface GlanceFilter extends MatrixFilter, BoxFilter {
  variant?: string | undefined
}

/**
 * The matrix at a glance. Most cells passed, so PostgreSQL only names them, and returns only the others as rows. So a page of
 * 12,000 cells needs about the time of a page of 1,000.
 */
export async function glance(context: Context, filter: GlanceFilter = {}): Promise<Glance> {
  const configs = await projectConfigs(context)
  const wanted = [...configs.values()].filter(({ name }) => filter.project === undefined || name === filter.project)
  const branches = await projectBranches(context, wanted, filter.branch)
  const projects = wanted.filter(({ name }) => branches.has(name))
  const kinds = kindsOf(projects, filter.variant, name => branches.get(name)?.shown ?? '')
  const at = context.now()
  const [hosts, waiting, cells, known, active, acknowledgements] = await Promise.all([
    matrixHosts(context),
    waitOf(context, filter),
    readCells(context, kinds, at),
    readKnown(context, kinds),
    activeAttempts(context, branches),
    activeAcknowledgements(context, [...branches.keys()]),
  ])
  const folded = foldBoxes({
    atMs: at.getTime(),
    kinds,
    hosts: hosts.filter(hostFilter(filter)),
    onlyArch: filter.arch,
    cells,
    known,
    active,
    acknowledgements,
  })
  await nextTurn() // with thousands of hosts, each step takes 10-20 ms, and other requests must not wait for all of them
  await readPositions(context, folded.cells)
  const glanced = composeGlance({
    at,
    projects: projects.map(({ name }) => name),
    offered: offeredBy(configs, wanted),
    branches: projects.map(({ name }) => ({ project: name, shown: '', built: [], ...branches.get(name) })),
    hosts,
    boxes: folded.boxes,
    cells: folded.cells,
    hostsOf: project => folded.hosts.get(project)?.size ?? 0,
    longestWait: waiting,
    filter,
  })
  await describeCauses(context, glanced.news.failing)
  return glanced
}

/** The longest wait on the hosts of the filter. */
async function waitOf(context: Context, filter: GlanceFilter) {
  if (filter.host === undefined && filter.os === undefined) return longestWait(context, filter)
  const hosts = (await matrixHosts(context)).filter(hostFilter(filter)).map(({ name }) => name)
  return longestWait(context, { ...filter, hosts })
}

const kindsOf = (
  projects: readonly ProjectConfig[],
  variant: string | undefined,
  branchOf: (project: string) => string,
): Kind[] =>
  projects.flatMap(project =>
    Object.keys(project.variants)
      .filter(name => variant === undefined || name === variant)
      .map(name => ({ project, branch: branchOf(project.name), variant: name })),
  )

const offeredBy = (configs: ReadonlyMap<string, ProjectConfig>, wanted: readonly ProjectConfig[]) => ({
  projects: [...configs.keys()],
  variants: [...new Set(wanted.flatMap(({ variants }) => Object.keys(variants)))],
})

/** The kinds as a table. Its numbers are the indexes of the kinds. */
const kindTable = (kinds: readonly Kind[]) => sql`
  unnest(${kinds.map(({ project }) => project.name)}::text[], ${kinds.map(({ branch }) => branch)}::text[],
         ${kinds.map(({ variant }) => variant)}::text[], ${kinds.map((_, index) => index)}::int[])
    AS kind("projectName", "branch", "variant", "number")`

/** Whether a cell does not simply pass. The index `notable_cells` has the same condition. */
const notable = sql`(cell."state" <> 'passing' OR cell."flaky" OR cell."verdict" <> 'passed' OR cell."testsMissing")`

/** Whether a cell passed again before the last 24 hours. It looks like any other passed cell. */
const isOldFix = (at: Date) => sql`
  (cell."state" = 'fixed' AND cell."verdict" = 'passed' AND NOT cell."flaky" AND NOT cell."testsMissing"
   AND cell."sinceAt" <= ${new Date(at.getTime() - newMs)})`

interface CellRow extends Omit<ReadCell, 'since' | 'changed' | 'lastGood'> {
  sinceBuildId: number
  sinceCommit: string
  sinceMs: number
  changedMs: number
  lastGoodBuildId: number | null
  lastGoodCommit: string | null
  lastGoodMs: number | null
}

const milliseconds = (column: string) => raw(`extract(epoch FROM cell."${column}")::float8 * 1000`)

async function readCells({ db }: Context, kinds: readonly Kind[], at: Date): Promise<ReadCell[]> {
  const rows = await db.query<CellRow>`
    SELECT kind."number" AS "kind", host."name" AS "host", cell."arch", cell."jobId", cell."verdict", cell."failedStep",
           cell."state", cell."fingerprint", cell."flaky", cell."testsMissing", cell."sinceBuildId", cell."sinceCommit",
           ${milliseconds('sinceAt')} AS "sinceMs", ${milliseconds('changedAt')} AS "changedMs",
           cell."lastGoodBuildId", cell."lastGoodCommit", ${milliseconds('lastGoodAt')} AS "lastGoodMs"
      FROM ${kindTable(kinds)}
      JOIN "Cell" cell ON cell."projectName" = kind."projectName" AND cell."branch" = kind."branch"
           AND cell."variant" = kind."variant"
      JOIN "Host" host ON host."id" = cell."hostId"
     WHERE host."removedAt" IS NULL AND ${notable} AND NOT ${isOldFix(at)}`
  return rows.map(recordOf)
}

function recordOf(row: CellRow): ReadCell {
  const { kind, host, arch, jobId, verdict, failedStep, state, fingerprint, flaky, testsMissing } = row
  const { lastGoodBuildId, lastGoodCommit, lastGoodMs } = row
  const since = { buildId: row.sinceBuildId, jobId: null, commit: row.sinceCommit, at: dateOf(row.sinceMs) }
  return {
    kind,
    host,
    arch,
    jobId,
    verdict,
    failedStep,
    state,
    fingerprint,
    flaky,
    testsMissing,
    since,
    changed: row.changedMs === row.sinceMs ? null : { ...since, at: dateOf(row.changedMs) },
    lastGood:
      lastGoodBuildId === null || lastGoodCommit === null || lastGoodMs === null
        ? null
        : { buildId: lastGoodBuildId, jobId: null, commit: lastGoodCommit, at: dateOf(lastGoodMs) },
  }
}

const dateOf = (milliseconds: number): Date => new Date(Math.round(milliseconds))

interface KnownRow {
  host: string
  kind: number
  arches: string
}

/**
 * The kinds that have a cell in each box, as sets of bits. PostgreSQL reads only the primary key of the cells, and joins the
 * arches of a host: the hosts of a farm have few different lists of arches.
 */
async function readKnown({ db }: Context, kinds: readonly Kind[]): Promise<Map<string, number[]>> {
  const rows = await db.query<KnownRow>`
    SELECT host."name" AS "host", kind."number" AS "kind", found."arches"
      FROM ${kindTable(kinds)}
     CROSS JOIN LATERAL (
       SELECT cell."hostId", string_agg(cell."arch", chr(10)) AS "arches" FROM "Cell" cell
        WHERE cell."projectName" = kind."projectName" AND cell."branch" = kind."branch"
          AND cell."variant" = kind."variant"
        GROUP BY cell."hostId" OFFSET 0) found
      JOIN "Host" host ON host."id" = found."hostId"
     WHERE host."removedAt" IS NULL`
  const kindsOfArches = new Map<string, Map<string, number[]>>() // by host, then by list of arches
  for (const { host, kind, arches } of rows) {
    const lists = kindsOfArches.get(host) ?? new Map<string, number[]>()
    kindsOfArches.set(host, lists.set(arches, withKind(lists.get(arches) ?? [], kind)))
  }
  const boxes = new Map<string, number[]>()
  for (const [host, lists] of kindsOfArches)
    for (const [arches, set] of lists)
      for (const arch of arches.split('\n')) {
        const key = boxKey(host, arch)
        const others = boxes.get(key)
        boxes.set(key, others ? union(others, set) : set)
      }
  return boxes
}

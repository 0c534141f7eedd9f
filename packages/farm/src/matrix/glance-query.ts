import type { ProjectConfig } from '@rumpfarm/contracts'
import { activeAcknowledgements } from '../acknowledgements/acknowledgements.ts'
import type { Context } from '../context.ts'
import { raw, sql } from '../db/sql.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { activeAttempts } from './active-attempts.ts'
import { projectBranches } from './branch-queries.ts'
import { describeCauses, readPositions } from './cause-details.ts'
import { type BoxFilter, boxKey, composeGlance, type Glance, hostFilter } from './glance.rule.ts'
import { bitsPerWord, foldBoxes, type Kind, type ReadCell } from './glance-boxes.rule.ts'
import { newMs } from './look.rule.ts'
import { matrixHosts } from './matrix-hosts.ts'
import type { MatrixFilter } from './matrix-query.ts'

export interface GlanceFilter extends MatrixFilter, BoxFilter {
  variant?: string | undefined
}

/**
 * The matrix at a glance. Most cells passed, so PostgreSQL counts them, and returns only the others as rows. So a page of
 * 12,000 cells needs about the time of a page of 1,000.
 */
export async function glance(context: Context, filter: GlanceFilter = {}): Promise<Glance> {
  const configs = await projectConfigs(context)
  const wanted = [...configs.values()].filter(({ name }) => filter.project === undefined || name === filter.project)
  const branches = await projectBranches(context, wanted, filter.branch)
  const projects = wanted.filter(({ name }) => branches.has(name))
  const kinds = kindsOf(projects, filter.variant, name => branches.get(name)?.shown ?? '')
  const at = context.now()
  const [hosts, cells, passed, active, acknowledgements] = await Promise.all([
    matrixHosts(context),
    readCells(context, kinds, at),
    readPassed(context, kinds, at),
    activeAttempts(context, branches),
    activeAcknowledgements(context, [...branches.keys()]),
  ])
  const folded = foldBoxes({
    atMs: at.getTime(),
    kinds,
    hosts: hosts.filter(hostFilter(filter)),
    onlyArch: filter.arch,
    cells,
    passed,
    active,
    acknowledgements,
  })
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
    filter,
  })
  await describeCauses(context, glanced.news.failing)
  return glanced
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

/** Whether a cell passed, and nothing else is to say of it. */
const simplyPassed = (at: Date) => sql`
  (cell."verdict" = 'passed' AND NOT cell."flaky" AND cell."state" <> 'flaky'
   AND (cell."state" <> 'fixed' OR cell."sinceAt" <= ${new Date(at.getTime() - newMs)}))`

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
           cell."state", cell."fingerprint", cell."flaky", cell."sinceBuildId", cell."sinceCommit",
           ${milliseconds('sinceAt')} AS "sinceMs", ${milliseconds('changedAt')} AS "changedMs",
           cell."lastGoodBuildId", cell."lastGoodCommit", ${milliseconds('lastGoodAt')} AS "lastGoodMs"
      FROM ${kindTable(kinds)}
      JOIN "Cell" cell ON cell."projectName" = kind."projectName" AND cell."branch" = kind."branch"
           AND cell."variant" = kind."variant"
      JOIN "Host" host ON host."id" = cell."hostId"
     WHERE host."removedAt" IS NULL AND NOT ${simplyPassed(at)}`
  return rows.map(recordOf)
}

function recordOf(row: CellRow): ReadCell {
  const { kind, host, arch, jobId, verdict, failedStep, state, fingerprint, flaky } = row
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
    since,
    changed: row.changedMs === row.sinceMs ? null : { ...since, at: dateOf(row.changedMs) },
    lastGood:
      lastGoodBuildId === null || lastGoodCommit === null || lastGoodMs === null
        ? null
        : { buildId: lastGoodBuildId, jobId: null, commit: lastGoodCommit, at: dateOf(lastGoodMs) },
  }
}

const dateOf = (milliseconds: number): Date => new Date(Math.round(milliseconds))

interface PassedRow {
  host: string
  arch: string
  word: number
  kinds: number
}

/** The kinds that passed in each box, as sets of bits. */
async function readPassed({ db }: Context, kinds: readonly Kind[], at: Date): Promise<Map<string, number[]>> {
  const rows = await db.query<PassedRow>`
    SELECT host."name" AS "host", found.* FROM (
      SELECT cell."hostId", cell."arch", kind."number" / ${bitsPerWord}::int AS "word",
             bit_or(1 << (kind."number" % ${bitsPerWord}::int)) AS "kinds"
        FROM ${kindTable(kinds)}
        JOIN "Cell" cell ON cell."projectName" = kind."projectName" AND cell."branch" = kind."branch"
             AND cell."variant" = kind."variant"
       WHERE ${simplyPassed(at)} GROUP BY 1, 2, 3) found
      JOIN "Host" host ON host."id" = found."hostId"
     WHERE host."removedAt" IS NULL`
  const boxes = new Map<string, number[]>()
  for (const { host, arch, word, kinds: set } of rows) {
    const key = boxKey(host, arch)
    const words = boxes.get(key)
    if (words) words[word] = set
    else {
      const first: number[] = []
      first[word] = set
      boxes.set(key, first)
    }
  }
  return boxes
}

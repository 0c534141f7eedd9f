import type { Context } from '../context.ts'
import { isResult } from './cell.rule.ts'
import { glanceCell } from './glance-cell.rule.ts'
import type { Look } from './look.rule.ts'
import type { MatrixHost } from './matrix.rule.ts'
import { isFailure, type MatrixCell } from './matrix-cell.rule.ts'
import { matrix } from './matrix-query.ts'

export interface BoxKey {
  host: string
  arch: string
  project?: string | undefined
  branch?: string | undefined
  variant?: string | undefined
}

export interface BoxCell extends MatrixCell {
  look: Look
  /** For a failing cell. */
  range: {
    /** How many commits could have broken the cell; null if the farm does not know it. */
    commits: number | null
    /** The author and the subject of an only commit. */
    author: string | null
    subject: string | null
    /** Other hosts of the project that fail with the same fingerprint. */
    alsoOn: string[]
    /** How many other hosts have a cell of the project. */
    of: number
  } | null
}

/** All cells of one host and one arch. */
export interface BoxView {
  at: Date
  /** Null if the farm has no such host. */
  host: MatrixHost | null
  arch: string
  /** The cells that need attention are first. */
  cells: BoxCell[]
}

/** The cells of a box. The query reads only the cells of the host, and those that fail in the same way. */
export async function boxView(context: Context, { host, ...filter }: BoxKey): Promise<BoxView> {
  const { at, hosts, cells } = await matrix(context, { ...filter, onlyHost: host })
  const ranges = await rangesOf(context, host, cells.filter(isBroken))
  const seen = cells.map(cell => ({ ...cell, look: cellLook(cell, at), range: ranges.get(cell) ?? null }))
  return {
    at,
    host: hosts[0] ?? null,
    arch: filter.arch,
    cells: [...seen.filter(isLoud), ...seen.filter(cell => !isLoud(cell))],
  }
}

const isLoud = ({ look }: BoxCell): boolean => look !== 'passed'
const isBroken = ({ last }: MatrixCell): boolean => last !== null && isResult(last.verdict) && isFailure(last.verdict)

/** The look of a cell of the matrix, as in its box. */
export const cellLook = (cell: MatrixCell, at: Date): Look => {
  const { last, known, acknowledged, prevented, active } = cell
  const facts = {
    last,
    state: last?.state ?? null,
    fingerprint: last?.fingerprint ?? null,
    flaky: last?.flakiness.flaky ?? false,
    testsMissing: last?.testsMissing ?? false,
    expected: known !== null || acknowledged !== null,
    prevented: prevented !== null,
    active,
  }
  return glanceCell(cell, facts, at.getTime()).look
}

interface RangeRow {
  number: number
  commits: number | null
  author: string | null
  subject: string | null
  alsoOn: string[] | null
  of: number
}

/** Reads what the cells' own rows do not say of their failures. A box has at most some tens of cells. */
async function rangesOf(
  { db }: Context,
  host: string,
  cells: readonly MatrixCell[],
): Promise<Map<MatrixCell, BoxCell['range']>> {
  if (cells.length === 0) return new Map()
  const rows = await db.query<RangeRow>`
    SELECT wanted."number", since."position" - good."position" AS "commits", build."author", build."subject", others."alsoOn",
           (SELECT count(DISTINCT "hostId")::int - 1 FROM "Cell"
             WHERE "projectName" = wanted."projectName" AND "branch" = wanted."branch") AS "of"
      FROM unnest(${cells.map((_, index) => index)}::int[], ${cells.map(({ project }) => project)}::text[],
                  ${cells.map(({ branch }) => branch)}::text[], ${cells.map(({ last }) => last?.since.buildId ?? 0)}::int[],
                  ${cells.map(({ last }) => last?.since.commit ?? '')}::text[], ${cells.map(({ last }) => last?.lastGood?.commit ?? null)}::text[],
                  ${cells.map(({ last }) => last?.fingerprint ?? null)}::text[])
        AS wanted("number", "projectName", "branch", "buildId", "since", "good", "fingerprint")
      LEFT JOIN "Build" build ON build."id" = wanted."buildId"
      LEFT JOIN "BranchCommit" since ON since."projectName" = wanted."projectName" AND since."branch" = wanted."branch"
           AND since."commit" = wanted."since"
      LEFT JOIN "BranchCommit" good ON good."projectName" = wanted."projectName" AND good."branch" = wanted."branch"
           AND good."commit" = wanted."good"
     CROSS JOIN LATERAL (
       SELECT array_agg(DISTINCT host."name" ORDER BY host."name") AS "alsoOn" FROM "Cell" cell
         JOIN "Host" host ON host."id" = cell."hostId"
        WHERE cell."projectName" = wanted."projectName" AND cell."branch" = wanted."branch"
          AND cell."fingerprint" = wanted."fingerprint" AND host."name" <> ${host} AND host."removedAt" IS NULL) others`
  return new Map(
    rows.map(({ number, commits, author, subject, alsoOn, of }) => {
      const known = commits !== null && commits > 0 ? commits : null
      const only = known === 1 ? { author, subject } : { author: null, subject: null }
      return [cells[number] as MatrixCell, { commits: known, ...only, alsoOn: alsoOn ?? [], of }]
    }),
  )
}

import { type BisectLimits, defaultBisect } from '@rumpfarm/contracts'
import { between } from '../commits/between.ts'
import type { Context } from '../context.ts'
import type { Statements } from '../db/client.ts'
import { sql } from '../db/sql.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { permits } from '../hosts/owner.rule.ts'
import { projectBranches } from '../matrix/branch-queries.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { cellsLike, type FailingCell, failingCells, findFlakyCell, measureNoise } from './failing-cell.ts'
import { chanceOf, isTooNoisy, type Price, policyOf, priceOf } from './policy.rule.ts'
import { type Noise, ruleVersion } from './state.rule.ts'
import { fileInLine } from './weights.rule.ts'
import { describePrice } from './words.rule.ts'

/** The cell whose failure a bisection searches. */
export interface CellToBisect {
  project: string
  /** By default, the project's main branch. */
  branch?: string | undefined
  host: string
  arch: string
  variant: string
}

export interface Quote {
  kind: 'quote'
  /** "about 5 probes, 9 h on sparc64-netbsd". Null if the farm does not know the commits of the range. */
  price: string | null
  probes: number | null
  milliseconds: number | null
  /** The commits that can be the first bad one. Null if the farm does not know them. */
  commits: number | null
  /** The host on which the search runs: the fastest one with this failure. */
  host: string
  budgetSeconds: number
  goodCommit: string
  badCommit: string
  /** How many further cells have the same failure. */
  otherCells: number
  /** The share of runs in which the failure occurs, so that a commit needs several runs. Null if it always occurs. */
  failureRate: number | null
}

export type QuoteOutcome =
  | Quote
  /** A bisection already searches this failure. */
  | { kind: 'running'; id: number }
  | { kind: 'not-possible'; why: string }
  | { kind: 'unknown'; what: 'project' | 'cell' }

export type StartOutcome = { kind: 'started'; id: number; quote: Quote } | Exclude<QuoteOutcome, Quote>

/** The price of a bisection, before somebody starts it. */
export async function quoteBisection(context: Context, wanted: CellToBisect): Promise<QuoteOutcome> {
  const plan = await planFor(context, wanted)
  return plan.kind === 'plan' ? plan.quote : plan
}

/** Starts a bisection for a person. The farm reads the commits of the range first. */
export async function startBisection(
  context: Context,
  { startedBy, ...wanted }: CellToBisect & { startedBy: string },
): Promise<StartOutcome> {
  const plan = await planFor(context, wanted)
  if (plan.kind !== 'plan') return plan
  return startPlan(context, plan, startedBy)
}

export interface Plan {
  kind: 'plan'
  /** The cell on which the search runs. */
  main: FailingCell
  others: FailingCell[]
  noise: Noise
  limits: BisectLimits
  quote: Quote
}

async function planFor(context: Context, wanted: CellToBisect): Promise<Plan | Exclude<QuoteOutcome, Quote>> {
  const project = (await projectConfigs(context)).get(wanted.project)
  if (!project) return { kind: 'unknown', what: 'project' }
  const branch = wanted.branch ?? (await projectBranches(context, [project])).get(project.name)?.shown ?? ''
  const key = { projectName: wanted.project, branch, host: wanted.host, arch: wanted.arch, variant: wanted.variant }
  const flaky = await findFlakyCell(context.db, key)
  const [failing] = await failingCells(
    context.db,
    sql`cell."projectName" = ${wanted.project} AND cell."branch" = ${branch} AND host."name" = ${wanted.host}
        AND cell."arch" = ${wanted.arch} AND cell."variant" = ${wanted.variant}`,
  )
  const cell = flaky?.cell ?? failing
  if (!cell) return (await isCell(context, wanted, branch)) ? notFailing : { kind: 'unknown', what: 'cell' }
  const running = await findSimilar(context.db, cell, 'open')
  if (running !== undefined) return { kind: 'running', id: running }
  const limits = project.bisect ?? defaultBisect
  return planOf(context, cell, project.repository, limits, flaky?.failureRate ?? null)
}

const notFailing = {
  kind: 'not-possible',
  why: 'the cell does not fail now, or it never passed before: there is no range of commits to search',
} as const

async function isCell(context: Context, { project, host, arch, variant }: CellToBisect, branch: string) {
  const found = await context.db.query`
    SELECT FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId"
     WHERE cell."projectName" = ${project} AND cell."branch" = ${branch} AND host."name" = ${host} AND cell."arch" = ${arch}
       AND cell."variant" = ${variant}`
  return found.length > 0
}

/** The further cells of a bisection: more of them say little, and cost two runs each. */
const otherCellsMax = 20

/** Plans a bisection on the fastest host that shows the failure. */
export async function planOf(
  context: Context,
  cell: FailingCell,
  repository: string,
  limits: BisectLimits,
  failureRate: number | null = null,
): Promise<Plan | { kind: 'not-possible'; why: string }> {
  // Each cell has its own rate, so a failure of a share of the runs is searched on one cell.
  const alike = failureRate === null ? await cellsLike(context.db, cell) : []
  const like = [cell, ...alike].filter(isAllowed)
  const [main, ...others] = like.sort((one, other) => speed(one) - speed(other))
  if (!main) return { kind: 'not-possible', why: `host ${cell.host} has left the farm, or its owner does not allow it` }
  const noise = await measureNoise(context.db, main)
  if (isTooNoisy(noise)) return { kind: 'not-possible', why: noisy(noise) }
  const { commits, complete } = await between(context, { repository, after: main.goodCommit, until: main.badCommit })
  const price = complete ? priceOf(commits.length, policyOf(chanceOf(noise)), main.expectedMs, failureRate) : null
  const found = complete ? commits.length : null
  const quote = { ...quoteOf(main, price, found, limits, others.length), failureRate }
  return { kind: 'plan', main, others: others.slice(0, otherCellsMax), noise, limits, quote }
}

const isAllowed = ({ hostRemoved, rules, projectName, branch }: FailingCell) =>
  !hostRemoved && permits(rules, projectName, branch)

const speed = ({ expectedMs }: FailingCell): number => expectedMs ?? Number.MAX_SAFE_INTEGER

const noisy = (noise: Noise): string =>
  `about ${Math.round(chanceOf(noise) * 100)} % of the runs of good commits fail with this error, so a bisection would name a wrong commit`

const quoteOf = (
  { host, goodCommit, badCommit }: FailingCell,
  price: Price | null,
  commits: number | null,
  { budgetSeconds }: BisectLimits,
  otherCells: number,
): Omit<Quote, 'failureRate'> => ({
  kind: 'quote',
  price: price && describePrice(price, host),
  probes: price?.probes ?? null,
  milliseconds: price?.milliseconds ?? null,
  commits,
  host,
  budgetSeconds,
  goodCommit,
  badCommit,
  otherCells,
})

/** Writes the bisection, unless another one for the same failure was started meanwhile. */
export async function startPlan(context: Context, plan: Plan, startedBy: string): Promise<StartOutcome> {
  return inTransaction(context, async tx => {
    await lockBisections(tx, plan.main.projectName)
    const running = await findSimilar(tx, plan.main, startedBy === startedByFarm ? 'any' : 'open')
    if (running !== undefined) return { kind: 'running', id: running }
    const id = await insertBisection(context, tx, plan, startedBy)
    await insertCells(tx, id, [plan.main, ...plan.others])
    tx.emit({ kind: 'bisection', bisectionId: id, next: 'prepare' })
    return { kind: 'started', id, quote: plan.quote }
  })
}

export const startedByFarm = 'farm'

/** Two starts for one failure run one after the other. */
export const lockBisections = (tx: Tx, project: string) =>
  tx.query`SELECT pg_advisory_xact_lock(hashtextextended(${`bisect ${project}`}, 0))::text AS "lock"`

async function insertBisection(context: Context, tx: Tx, plan: Plan, startedBy: string): Promise<number> {
  const { main, noise, limits } = plan
  const file = main.message === null ? null : fileInLine(main.message)
  const [row] = await tx.query<{ id: number }>`
    INSERT INTO "Bisection" ("projectName", "branch", "hostId", "arch", "variant", "goodCommit", "badCommit", "badJobId", "verdict",
                             "failedStep", "fingerprint", "symbol", "file", "expectedMs", "startedBy", "ruleVersion",
                             "noiseRuns", "noiseFailed", "failureRate", "budgetSeconds", "pauseSeconds", "state", "createdAt")
    VALUES (${main.projectName}, ${main.branch}, ${main.hostId}, ${main.arch}, ${main.variant}, ${main.goodCommit}, ${main.badCommit},
            ${main.badJobId}, ${main.verdict}, ${main.failedStep}, ${main.fingerprint}, ${main.symbol}, ${file}, ${main.expectedMs},
            ${startedBy}, ${ruleVersion}, ${noise.runs}, ${noise.failed}, ${plan.quote.failureRate}, ${limits.budgetSeconds}, ${limits.pauseSeconds},
            'preparing', ${context.now()})
    RETURNING "id"`
  if (!row) throw new Error('the bisection was not written')
  return row.id
}

export const insertCells = (tx: Tx, id: number, cells: readonly FailingCell[]) => tx.execute`
  INSERT INTO "BisectionCell" ("bisectionId", "number", "hostId", "arch", "variant", "jobId")
  SELECT ${id}, known."count" + given."index" - 1, given."hostId", given."arch", given."variant", given."jobId"
    FROM (SELECT count(*)::int AS "count" FROM "BisectionCell" WHERE "bisectionId" = ${id}) known,
         unnest(${cells.map(cell => cell.hostId)}::int[], ${cells.map(cell => cell.arch)}::text[], ${cells.map(cell => cell.variant)}::text[],
                ${cells.map(cell => cell.badJobId)}::bigint[]) WITH ORDINALITY AS given("hostId", "arch", "variant", "jobId", "index")
  ON CONFLICT DO NOTHING`

/** Only this many of the newest bisections with the fingerprint are compared. */
const similarMax = 50

/** The newest bisection with the same failure and an overlapping range. A failure without a fingerprint is of one cell. */
export async function findSimilar(
  db: Statements,
  cell: FailingCell,
  which: 'open' | 'any',
): Promise<number | undefined> {
  const [found] = await db.query<{ id: number }>`
    SELECT known."id" FROM (
        SELECT * FROM "Bisection" WHERE "projectName" = ${cell.projectName} AND "branch" = ${cell.branch}
           AND "fingerprint" IS NOT DISTINCT FROM ${cell.fingerprint} ORDER BY "id" DESC LIMIT ${similarMax}) known
      JOIN "BranchCommit" good ON good."projectName" = known."projectName" AND good."branch" = known."branch" AND good."commit" = known."goodCommit"
      JOIN "BranchCommit" bad ON bad."projectName" = known."projectName" AND bad."branch" = known."branch" AND bad."commit" = known."badCommit"
     WHERE (${which === 'any'} OR known."state" <> 'finished') AND known."failedStep" IS NOT DISTINCT FROM ${cell.failedStep}
       AND (known."fingerprint" IS NOT NULL
            OR (known."hostId", known."arch", known."variant") = (${cell.hostId}, ${cell.arch}, ${cell.variant}))
       AND good."position" < ${cell.badPosition} AND bad."position" > ${cell.goodPosition}
     ORDER BY known."id" DESC LIMIT 1`
  return found?.id
}

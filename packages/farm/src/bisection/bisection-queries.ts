import { attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { type Sql, sql } from '../db/sql.ts'
import { ownRuns, spentMs } from './next-probe.rule.ts'
import { chanceOf, policyOf, priceOf } from './policy.rule.ts'
import {
  type BisectionRow,
  type BisectionRows,
  type CommitRow,
  nothingElse,
  type ProbeRow,
  readRows,
  stateOf,
} from './rows.ts'
import { describePrice } from './words.rule.ts'

export interface BisectionSummary {
  id: number
  project: string
  branch: string
  host: string
  arch: string
  variant: string
  goodCommit: string
  badCommit: string
  badJobId: number
  failedStep: string | null
  fingerprint: string | null
  state: BisectionRow['state']
  outcome: BisectionRow['outcome']
  /** The answer in words; null while the bisection runs. */
  words: string | null
  /** The bisection whose answer is the merge inside which this one searches. */
  mergeOf: number | null
  startedBy: string
  createdAt: Date
  finishedAt: Date | null
}

export interface ProbeView extends Omit<ProbeRow, 'hostId' | 'attempt' | 'jobId'> {
  jobId: number
  attempt: string
  commit: string
  host: string
  arch: string
  variant: string
  /** Whether a host runs the probe now. */
  running: boolean
}

export interface BisectionView extends BisectionSummary {
  commits: Omit<CommitRow, 'linesRead'>[]
  probes: ProbeView[]
  cells: { host: string; arch: string; variant: string }[]
  /** Whether the answer is a merge, so that a second bisection can search inside it. */
  answerIsMerge: boolean
  /** The second bisection inside the merge that is the answer. */
  insideMerge: number | null
  problem: string | null
  /** The share of runs in which the failure occurs. Null if it always occurs. */
  failureRate: number | null
  /** The first bad commit is after position `low`, up to position `high`. */
  low: number | null
  high: number | null
  budgetSeconds: number
  /** The host time that the probes have used, in milliseconds. */
  spentMs: number
  runs: number
  runsMax: number
  /** The expected price of the whole search. Null until the farm has read the commits. */
  price: string | null
  nextAt: Date | null
}

const summaryColumns = sql`
  bisection."id", bisection."projectName" AS "project", bisection."branch", host."name" AS "host", bisection."arch", bisection."variant",
  bisection."goodCommit", bisection."badCommit", bisection."badJobId", bisection."failedStep", bisection."fingerprint", bisection."state", bisection."outcome",
  bisection."words", bisection."mergeOf", bisection."startedBy", bisection."createdAt", bisection."finishedAt"`

const select = (context: Context, where: Sql, limit: number) => context.db.query<BisectionSummary>`
  SELECT ${summaryColumns} FROM "Bisection" bisection JOIN "Host" host ON host."id" = bisection."hostId"
   WHERE ${where} ORDER BY bisection."id" DESC LIMIT ${limit}`

export interface BisectionFilter {
  project?: string | undefined
  state?: 'open' | 'finished' | undefined
  /** Only bisections with a smaller number. */
  before?: number | undefined
  limit: number
}

/** The newest bisections first. */
export const listBisections = (context: Context, { project, state, before, limit }: BisectionFilter) =>
  select(
    context,
    sql`(${project ?? null}::text IS NULL OR bisection."projectName" = ${project ?? null})
        AND (${before ?? null}::int IS NULL OR bisection."id" < ${before ?? null})
        AND (${state ?? null}::text IS NULL OR (bisection."state" <> 'finished') = (${state ?? null} = 'open'))`,
    limit,
  )

export interface CellOfBisection {
  project: string
  branch: string
  host: string
  arch: string
  variant: string
}

/** The newest bisection of a cell, also if the cell is only one of its further cells. */
export async function findOfCell(context: Context, cell: CellOfBisection): Promise<BisectionSummary | null> {
  const [found] = await select(
    context,
    sql`bisection."projectName" = ${cell.project} AND bisection."branch" = ${cell.branch} AND bisection."id" IN (
      SELECT known."bisectionId" FROM "BisectionCell" known JOIN "Host" own ON own."id" = known."hostId"
       WHERE own."name" = ${cell.host} AND known."arch" = ${cell.arch} AND known."variant" = ${cell.variant}
       ORDER BY known."bisectionId" DESC LIMIT ${similarMax})`,
    1,
  )
  return found ?? null
}

const similarMax = 50

/** The bisections whose bad commit is the commit of a build, and the bisection whose probes the build runs. */
export const listOfBuild = (context: Context, buildId: number) =>
  select(
    context,
    sql`bisection."id" IN (
      SELECT known."id" FROM "Build" build CROSS JOIN LATERAL (
        SELECT "id", "badCommit" FROM "Bisection" WHERE "projectName" = build."projectName" ORDER BY "id" DESC LIMIT ${similarMax}) known
       WHERE build."id" = ${buildId} AND known."badCommit" = build."commit"
      UNION SELECT substring("reason" FROM '^bisect ([0-9]{1,9})$')::int FROM "Build" WHERE "id" = ${buildId})`,
    10,
  )

export async function findBisection(context: Context, id: number): Promise<BisectionView | undefined> {
  const [summary] = await select(context, sql`bisection."id" = ${id}`, 1)
  const rows = summary && (await readRows(context.db, id))
  if (!summary || !rows) return undefined
  const hosts = await readHosts(context, id)
  const running = await readRunning(context, rows.probes)
  const { bisection, commits } = rows
  const state = stateOf(rows, nothingElse)
  return {
    ...summary,
    commits: commits.map(({ position, commit, author, subject, weight, doubt }) => ({
      position,
      commit,
      author,
      subject,
      weight,
      doubt,
    })),
    probes: rows.probes.map(probe => probeView(probe, rows, hosts, running)),
    cells: rows.cells.map(({ hostId, arch, variant }) => ({ host: hosts.get(hostId) ?? '', arch, variant })),
    answerIsMerge: summary.outcome === 'confirmed' && commits[(bisection.high ?? 0) - 1]?.doubt === 'merge',
    insideMerge: await findInsideMerge(context, id),
    problem: bisection.problem,
    failureRate: bisection.failureRate,
    low: bisection.low,
    high: bisection.high,
    budgetSeconds: bisection.budgetSeconds,
    spentMs: spentMs(state),
    runs: ownRuns(state).length,
    runsMax: bisection.runsMax,
    price: priceTextOf(rows, summary.host),
    nextAt: bisection.nextAt,
  }
}

function priceTextOf({ bisection, commits }: BisectionRows, host: string): string | null {
  if (commits.length === 0) return null
  const policy = policyOf(chanceOf({ runs: bisection.noiseRuns, failed: bisection.noiseFailed }))
  return describePrice(priceOf(commits.length, policy, bisection.expectedMs, bisection.failureRate), host)
}

function probeView(
  { hostId, attempt, ...probe }: ProbeRow,
  { bisection, commits, cells }: BisectionRows,
  hosts: ReadonlyMap<number, string>,
  running: ReadonlySet<string>,
): ProbeView {
  const name = attemptName({ jobId: probe.jobId, number: attempt })
  return {
    number: probe.number,
    position: probe.position,
    cell: probe.cell,
    purpose: probe.purpose,
    jobId: probe.jobId,
    verdict: probe.verdict,
    fingerprint: probe.fingerprint,
    costMs: probe.costMs,
    reason: probe.reason,
    createdAt: probe.createdAt,
    endedAt: probe.endedAt,
    attempt: name,
    commit: probe.position === 0 ? bisection.goodCommit : (commits[probe.position - 1]?.commit ?? ''),
    host: hosts.get(hostId) ?? '',
    arch: cells[probe.cell]?.arch ?? bisection.arch,
    variant: cells[probe.cell]?.variant ?? bisection.variant,
    running: running.has(name),
  }
}

async function findInsideMerge({ db }: Context, id: number): Promise<number | null> {
  const [inner] = await db.query<{ id: number }>`SELECT "id" FROM "Bisection" WHERE "mergeOf" = ${id}`
  return inner?.id ?? null
}

async function readHosts({ db }: Context, id: number): Promise<Map<number, string>> {
  const rows = await db.query<{ id: number; name: string }>`
    SELECT "id", "name" FROM "Host" WHERE "id" IN (SELECT "hostId" FROM "BisectionCell" WHERE "bisectionId" = ${id})`
  return new Map(rows.map(host => [host.id, host.name]))
}

/** The open probes that a host has claimed. */
async function readRunning({ db }: Context, probes: readonly ProbeRow[]): Promise<Set<string>> {
  const open = probes.filter(({ verdict }) => verdict === null).map(({ jobId }) => jobId)
  if (open.length === 0) return new Set()
  const rows = await db.query<{ jobId: number; number: number }>`
    SELECT "jobId", "number" FROM "OpenAttempt" WHERE "jobId" = ANY(${open}) AND "state" IN ('leased', 'running')`
  return new Set(rows.map(attemptName))
}

/** The bisections that have a next step now. The oldest ones run first. */
export async function listOpen(
  { db, now }: Context,
  limit = 200,
): Promise<{ id: number; state: 'preparing' | 'running' }[]> {
  return db.query<{ id: number; state: 'preparing' | 'running' }>`
    SELECT "id", "state" FROM "Bisection" WHERE "state" <> 'finished' AND ("nextAt" IS NULL OR "nextAt" <= ${now()})
     ORDER BY "id" LIMIT ${limit}`
}

export interface RangeToRead {
  id: number
  project: string
  branch: string
  good: string
  bad: string
  /** `bad` is a merge, and the bisection searches inside it. */
  insideMerge: boolean
}

/** The range whose commits the farm must read. Undefined if they are already stored. */
export async function findRangeToRead({ db }: Context, id: number): Promise<RangeToRead | undefined> {
  const [row] = await db.query<RangeToRead>`
    SELECT "id", "projectName" AS "project", "branch", "goodCommit" AS "good", "badCommit" AS "bad", "mergeOf" IS NOT NULL AS "insideMerge"
      FROM "Bisection" WHERE "id" = ${id} AND "state" = 'preparing'`
  return row
}

import type { HostFacts } from '@rumpfarm/contracts'
import { commitsIn } from '../builds/source-changes.rule.ts'
import { type SourceChange, sourceChanges } from '../builds/source-changes.ts'
import type { Context } from '../context.ts'
import type { CellRecord, Milestone } from '../matrix/matrix-cell.rule.ts'
import { type Change, changedFacts, changedParts } from './changes.rule.ts'

/** What changed between the last good run of a cell and its first failed run. */
export interface SinceLastGood {
  lastGood: Milestone
  /** The first failed run of the series. */
  since: Milestone
  /** The changes of each source from the last good build to the first failed build. */
  sources: SourceChange[]
  /** The number of commits in the ranges of all sources. Null if the farm does not know all of them. */
  commits: number | null
  /** The compiler of the last good run and of the newest run. Null if it is the same, or not known. */
  compiler: Change | null
  /** The stable facts of the host that changed between the last good run and the newest run. */
  facts: Change[]
  /** The parts of the recipe that changed between the last good run and the newest run. */
  recipe: string[]
}

/** Null if the cell passes or has never passed. */
export async function sinceLastGood(
  context: Context,
  hostId: number,
  arch: string,
  { verdict, jobId, attempt, since, lastGood, finishedAt }: CellRecord,
): Promise<SinceLastGood | null> {
  if (verdict === 'passed' || lastGood === null) return null
  const number = Number(attempt.split('.')[1])
  const [sources, runs, facts] = await Promise.all([
    sourceChanges(context, { from: lastGood.buildId, to: since.buildId }),
    comparedRuns(context, lastGood.jobId, { jobId, number }),
    factsAt(context, hostId, [lastGood.at, finishedAt]),
  ])
  const changed = changedFacts(facts[0] ?? null, facts[1] ?? null, arch)
  const compiler = compilerChange(runs)
  return {
    lastGood,
    since,
    sources,
    commits: commitsIn(sources),
    compiler,
    facts: compiler ? changed.filter(({ name }) => name !== `compiler ${arch}`) : changed,
    recipe: recipeChange(runs),
  }
}

interface RunRow {
  compiler: string | null
  recipeHash: string
  recipe: Record<string, unknown>
}

interface ComparedRuns {
  good: RunRow | undefined
  newest: RunRow | undefined
}

async function comparedRuns(
  { db }: Context,
  goodJobId: number | null,
  newest: { jobId: number; number: number },
): Promise<ComparedRuns> {
  const rows = await db.query<RunRow & { isGood: boolean }>`
    SELECT a."compiler", job."recipeHash", recipe."body" AS "recipe", a."isGood"
      FROM ((SELECT "jobId", "compiler", true AS "isGood" FROM "Attempt"
              WHERE "jobId" = ${goodJobId}::bigint AND "verdict" = 'passed' ORDER BY "number" DESC LIMIT 1)
            UNION ALL
            SELECT "jobId", "compiler", false FROM "Attempt"
             WHERE "jobId" = ${newest.jobId} AND "number" = ${newest.number}) a
      JOIN "Job" job ON job."id" = a."jobId" JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"`
  return { good: rows.find(({ isGood }) => isGood), newest: rows.find(({ isGood }) => !isGood) }
}

function compilerChange({ good, newest }: ComparedRuns): Change | null {
  if (!good?.compiler || !newest?.compiler || good.compiler === newest.compiler) return null
  return { name: 'compiler', before: good.compiler, after: newest.compiler }
}

const recipeChange = ({ good, newest }: ComparedRuns): string[] =>
  !good || !newest || good.recipeHash === newest.recipeHash ? [] : changedParts(good.recipe, newest.recipe)

/** The stable facts of the host at each of these times. The farm knows none before its first record. */
export async function factsAt({ db }: Context, hostId: number, times: readonly Date[]): Promise<(HostFacts | null)[]> {
  const rows = await db.query<{ facts: HostFacts | null }>`
    SELECT found."facts" FROM unnest(${times.map(time => time.toISOString())}::timestamptz[]) WITH ORDINALITY AS wanted("at", "index")
      LEFT JOIN LATERAL (SELECT "facts" FROM "HostFacts" WHERE "hostId" = ${hostId} AND "since" <= wanted."at"
                          ORDER BY "since" DESC, "id" DESC LIMIT 1) found ON true
     ORDER BY wanted."index"`
  return rows.map(({ facts }) => facts)
}

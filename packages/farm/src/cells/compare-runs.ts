import type { AttemptId, HostFacts } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { type Change, changedFacts, changedParts } from './changes.rule.ts'
import { factsAt } from './since-last-good.ts'

/** What differs between the surroundings of two runs. */
export interface RunDifferences {
  /** The stable facts of the hosts. */
  facts: Change[]
  /** The names of the parts of the recipe that differ. */
  recipe: string[]
}

interface RunRow {
  hostId: number
  arch: string
  at: Date
  recipeHash: string
  recipe: Record<string, unknown>
}

/** Compares the host facts and the recipes of two attempts. Without one of them, nothing differs. */
export async function compareRuns(context: Context, before: AttemptId, after: AttemptId): Promise<RunDifferences> {
  const [one, other] = await Promise.all([readRun(context, before), readRun(context, after)])
  if (!one || !other) return { facts: [], recipe: [] }
  const [factsBefore, factsAfter] = await Promise.all([factsOf(context, one), factsOf(context, other)])
  return {
    facts: changedFacts(factsBefore, factsAfter, other.arch),
    recipe: one.recipeHash === other.recipeHash ? [] : changedParts(one.recipe, other.recipe),
  }
}

async function readRun({ db }: Context, { jobId, number }: AttemptId): Promise<RunRow | undefined> {
  const [row] = await db.query<RunRow>`
    SELECT job."hostId", job."arch", COALESCE(a."finishedAt", a."queuedAt") AS "at", job."recipeHash", recipe."body" AS "recipe"
      FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"
     WHERE a."jobId" = ${jobId} AND a."number" = ${number}`
  return row
}

async function factsOf(context: Context, { hostId, at }: RunRow): Promise<HostFacts | null> {
  const [facts] = await factsAt(context, hostId, [at])
  return facts ?? null
}

import type { BisectLimits, ProjectConfig } from '@rumpfarm/contracts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { inTransaction } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { type FailingCell, failingCells } from './failing-cell.ts'
import { findSimilar, insertCells, planOf, startedByFarm, startPlan } from './start.ts'

/**
 * Starts a bisection for each newly failing cell of the projects with `bisect` in farm.yaml, if several commits came in
 * between and the budget of the day allows it. A cell whose failure is already searched joins this bisection.
 */
export async function startAutomatic(context: Context): Promise<number[]> {
  const started: number[] = []
  for (const [name, project] of await projectConfigs(context)) {
    if (!project.bisect) continue
    const cells = await newlyFailing(context, name)
    for (const cell of cells) {
      const id = await startFor(context, cell, project, project.bisect)
      if (id !== undefined) started.push(id)
    }
  }
  return started
}

/** The newly failing cells whose failures are examined: the fingerprint decides which bisection a cell belongs to. */
const newlyFailing = ({ db }: Context, project: string) =>
  failingCells(
    db,
    sql`cell."projectName" = ${project} AND cell."state" = 'newly-failing' AND host."removedAt" IS NULL
        AND NOT EXISTS (SELECT FROM "Examination" todo WHERE todo."jobId" = a."jobId" AND todo."number" = a."number")`,
  )

async function startFor(context: Context, cell: FailingCell, project: ProjectConfig, limits: BisectLimits) {
  const similar = await findSimilar(context.db, cell, 'any')
  if (similar !== undefined) {
    await joinBisection(context, similar, cell)
    return undefined
  }
  const left = limits.budgetSeconds - (await spentToday(context, cell.projectName))
  const plan = await planOf(context, cell, project.repository, { ...limits, budgetSeconds: Math.max(0, left) })
  if (plan.kind !== 'plan' || plan.quote.commits === 1) return undefined
  if (left * 1000 < (plan.quote.milliseconds ?? 0) / 2) return undefined // tomorrow: half of a search has no answer
  const outcome = await startPlan(context, plan, startedByFarm)
  return outcome.kind === 'started' ? outcome.id : undefined
}

/** Adds the cell to a bisection that has not ended. It runs the culprit and its parent there at the end. */
const joinBisection = (context: Context, id: number, cell: FailingCell) =>
  inTransaction(context, async tx => {
    const open = await tx.query`SELECT FROM "Bisection" WHERE "id" = ${id} AND "state" <> 'finished' FOR UPDATE`
    if (open.length > 0) await insertCells(tx, id, [cell])
  })

const daySeconds = 86_400
const bisectionsMax = 50

/** The host time that the automatic bisections of the project used in the last 24 hours, in seconds. */
async function spentToday({ db, now }: Context, project: string): Promise<number> {
  const [row] = await db.query<{ seconds: number }>`
    SELECT COALESCE(sum(probe."costMs") / 1000, 0)::int AS "seconds"
      FROM (SELECT "id", "startedBy" FROM "Bisection" WHERE "projectName" = ${project} ORDER BY "id" DESC LIMIT ${bisectionsMax}) known
      JOIN "Probe" probe ON probe."bisectionId" = known."id"
     WHERE known."startedBy" = ${startedByFarm} AND probe."purpose" IS NOT NULL AND probe."createdAt" > ${later(now(), -daySeconds)}`
  return row?.seconds ?? 0
}

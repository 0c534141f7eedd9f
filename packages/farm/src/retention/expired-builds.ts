import type { Context } from '../context.ts'
import type { Expired } from './expired.rule.ts'

/** When a build expired; undefined if the farm did not delete it. */
export async function expiredBuild({ db }: Context, id: number): Promise<Expired | undefined> {
  const [row] = await db.query<Expired>`SELECT "expiredAt" AS "at", "keptDays" FROM "ExpiredBuild" WHERE "id" = ${id}`
  return row
}

/** Ranges of jobs overlap only where builds of bisections got further jobs. */
const rangesMax = 50

/** When a job expired with its build; undefined if the farm did not delete it. */
export async function expiredJob({ db }: Context, id: number): Promise<Expired | undefined> {
  const [row] = await db.query<Expired>`
    SELECT "expiredAt" AS "at", "keptDays" FROM (
      SELECT * FROM "ExpiredBuild" WHERE "lastJobId" >= ${id} ORDER BY "lastJobId" LIMIT ${rangesMax}) found
     WHERE "firstJobId" BETWEEN 1 AND ${id} LIMIT 1`
  return row
}

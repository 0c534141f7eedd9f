import type { Sql } from '../src/db/sql.ts'
import type { TestFarm } from './farm-test.ts'

interface Plan {
  'Relation Name'?: string
  'Node Type': string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

/** The number of rows that PostgreSQL reads from tables for a query. */
export const rowsRead = (farm: TestFarm, { text, values }: Sql): Promise<number> => countRows(farm, text, values)

/**
 * The same for the plan that PostgreSQL makes without the values, which it uses after some executions of a prepared
 * statement.
 */
export async function rowsReadOfGenericPlan(farm: TestFarm, { text, values }: Sql): Promise<number> {
  await farm.sql(`SET plan_cache_mode = force_generic_plan`)
  await farm.sql(`PREPARE listing AS ${text}`)
  const literals = values.map(value => (Array.isArray(value) ? `'{${value.join(',')}}'` : `'${value}'`))
  try {
    return await countRows(farm, `EXECUTE listing${literals.length > 0 ? `(${literals.join(', ')})` : ''}`)
  } finally {
    await farm.sql('DEALLOCATE listing')
    await farm.sql('RESET plan_cache_mode')
  }
}

interface Connection {
  sql<Row>(text: string, values?: unknown[]): Promise<Row[]>
}

/** The number of rows that PostgreSQL reads from tables for a statement. */
export async function countRows(on: Connection, text: string, values: unknown[] = []): Promise<number> {
  const [row] = await on.sql<{ 'QUERY PLAN': { Plan: Plan }[] }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values)
  const count = (plan: Plan): number => {
    const own = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
    return (plan['Relation Name'] ? own : 0) + (plan.Plans ?? []).reduce((sum, child) => sum + count(child), 0)
  }
  return Math.round(count(row?.['QUERY PLAN'][0]?.Plan as Plan))
}

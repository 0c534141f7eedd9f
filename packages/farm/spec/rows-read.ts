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
export async function rowsRead(farm: TestFarm, { text, values }: Sql): Promise<number> {
  const [row] = await farm.sql<{ 'QUERY PLAN': { Plan: Plan }[] }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values)
  const count = (plan: Plan): number => {
    const own = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
    return (plan['Relation Name'] ? own : 0) + (plan.Plans ?? []).reduce((sum, child) => sum + count(child), 0)
  }
  return Math.round(count(row?.['QUERY PLAN'][0]?.Plan as Plan))
}

import type { Context } from '../context.ts'
import type { ParsedTest } from './collect.rule.ts'

const atOnce = 5000

/**
 * The ids of these tests of a project, by their keys. Adds the tests that are new. Each statement is its own short
 * transaction and adds its rows in the order of the keys, so two attempts with the same new tests do not block each
 * other.
 */
export async function registerTests(
  { db, now }: Context,
  project: string,
  tests: readonly Pick<ParsedTest, 'key' | 'suite' | 'name'>[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  const sorted = [...tests].sort((one, other) => (one.key < other.key ? -1 : 1))
  for (let from = 0; from < sorted.length; from += atOnce) {
    const some = sorted.slice(from, from + atOnce)
    await find(some)
    const missing = some.filter(({ key }) => !ids.has(key))
    if (missing.length === 0) continue
    await db.execute`
      INSERT INTO "Test" ("projectName", "key", "suite", "name", "createdAt")
      SELECT ${project}, "key", "suite", "name", ${now()}
        FROM unnest(${missing.map(({ key }) => key)}::text[], ${missing.map(({ suite }) => suite)}::text[],
                    ${missing.map(({ name }) => name)}::text[]) AS new("key", "suite", "name")
      ON CONFLICT ("projectName", "key") DO NOTHING`
    await find(missing)
  }
  return ids

  async function find(wanted: readonly Pick<ParsedTest, 'key'>[]) {
    const rows = await db.query<{ id: number; key: string }>`
      SELECT "id", "key" FROM "Test" WHERE "projectName" = ${project} AND "key" = ANY(${wanted.map(({ key }) => key)}::text[])`
    for (const { id, key } of rows) ids.set(key, id)
  }
}

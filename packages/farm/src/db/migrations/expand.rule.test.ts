import { expect, test } from 'vitest'
import { breakingStatements, isExpanding } from './expand.rule.ts'
import { migrationsDirectory, readMigrations } from './files.ts'

const compatible = [
  'CREATE TABLE "New" ("id" TEXT NOT NULL, CONSTRAINT "New_pkey" PRIMARY KEY ("id"))',
  'ALTER TABLE "Old" ADD COLUMN "new" TEXT, ADD COLUMN "more" INTEGER NOT NULL DEFAULT 0',
  'CREATE INDEX "one" ON "Old" ("id") -- DROP TABLE in a comment',
]

const breaking = [
  'DROP TABLE "Old"',
  'ALTER TABLE "Old" DROP COLUMN "id"',
  'ALTER TABLE "Old" RENAME TO "New"',
  'ALTER TABLE "Old" ALTER COLUMN "id" TYPE bigint',
  'ALTER TABLE "Old" ALTER COLUMN "id" SET NOT NULL',
  'ALTER TABLE "Old" ADD COLUMN "new" TEXT NOT NULL',
  'ALTER TABLE "Old" ADD COLUMN "new" TEXT NOT NULL, ADD COLUMN "more" TEXT DEFAULT 1',
  'ALTER TABLE "Old" ADD CONSTRAINT one CHECK ("id" = 1)',
  'CREATE UNIQUE INDEX "one" ON "Old" ("id")',
  'UPDATE "Old" SET "id" = 1',
]

for (const sql of compatible)
  test(`older servers continue after: ${sql}`, () => {
    expect(breakingStatements(`${sql};`)).toEqual([])
  })

for (const sql of breaking)
  test(`older servers do not continue after: ${sql}`, () => {
    expect(breakingStatements(`CREATE TABLE a (); ${sql};`)).toHaveLength(1)
  })

test('a migration of the farm whose name ends with _expand breaks no older server', async () => {
  const migrations = await readMigrations(migrationsDirectory())
  const wrong = migrations.filter(({ name }) => isExpanding(name)).flatMap(({ sql }) => breakingStatements(sql))
  expect(wrong).toEqual([])
})

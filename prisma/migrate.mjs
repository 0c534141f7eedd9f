// node prisma/migrate.mjs create NAME   write a migration for what schema.prisma has and the migrations have not
// node prisma/migrate.mjs check         complain when they differ
// Both replay the migrations on a throw-away PostgreSQL; no database of yours is touched.
import { bundle } from '../apps/server/build.mjs'

const usage = 'usage: node prisma/migrate.mjs create NAME | check'
const [verb, name] = process.argv.slice(2)

const { migration } = await bundle({ migration: new URL('migration.ts', import.meta.url) })
const { checkMigrations, createMigration } = await import(migration)

const create = async () => {
  const file = await createMigration(name, new Date())
  console.log(
    file ? `wrote ${file}: read it, and add what Prisma cannot say` : 'nothing to do: the migrations give this schema',
  )
}

const check = async () => {
  const sql = await checkMigrations()
  if (sql === '') return console.log('the migrations give the schema')
  console.error(`prisma/schema.prisma has what the migrations have not (node prisma/migrate.mjs create NAME):\n${sql}`)
  process.exitCode = 1
}

if (verb === 'create' && name) await create()
else if (verb === 'check') await check()
else {
  console.error(usage)
  process.exitCode = 2
}

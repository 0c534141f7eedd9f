// The command line of migrations.ts.
import { bundle } from '../../apps/server/build.mjs'

const usage = `usage: node prisma/tools/migrate.mjs create NAME   write a migration for the changes in prisma/schema.prisma
       node prisma/tools/migrate.mjs dump          write prisma/schema.sql
       node prisma/tools/migrate.mjs check         compare prisma/schema.prisma and prisma/schema.sql with the migrations
These commands apply the migrations to a temporary PostgreSQL, and change no other database.`

const [verb, name, ...more] = process.argv.slice(2)

const { migrations } = await bundle({ migrations: new URL('migrations.ts', import.meta.url) })
const { checkMigrations, createMigration, writeDump } = await import(migrations)

const create = async () => {
  const file = await createMigration(name, new Date())
  if (!file) return console.log('nothing to do: the migrations already give the tables of prisma/schema.prisma')
  console.log(`wrote ${file}
1. Read it. Add what Prisma cannot express: CHECKs, partial indexes, data.
2. If it only adds something, rename its directory so that it ends with _expand: docs/scaling.md.
3. Run node prisma/tools/migrate.mjs dump.`)
}

const dump = async () => console.log(`wrote ${await writeDump()}`)

const check = async () => {
  const problems = await checkMigrations()
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log('the migrations give prisma/schema.prisma and prisma/schema.sql')
  process.exitCode = problems.length === 0 ? 0 : 1
}

const commands = { create, dump, check }

if (commands[verb] && (name !== undefined) === (verb === 'create') && more.length === 0) await commands[verb]()
else {
  console.error(usage)
  process.exitCode = 2
}

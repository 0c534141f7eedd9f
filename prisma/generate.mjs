// Generates the Prisma client into packages/farm/src/db/generated.
// The CLI looks for a schema engine even where none is used, and would download one: any executable answers its search.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const farm = join(here, '../packages/farm')
const cli = join(dirname(createRequire(join(farm, 'package.json')).resolve('prisma/package.json')), 'build/index.js')
const { status } = spawnSync(process.execPath, [cli, 'generate', '--schema', join(here, 'schema.prisma')], {
  cwd: farm,
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  stdio: ['ignore', 'inherit', 'inherit'],
})
process.exit(status ?? 1)

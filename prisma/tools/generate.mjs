// Generates the Prisma client into packages/farm/src/db/generated. Prisma's command line would download a schema
// engine, which `generate` does not use. So this script sets PRISMA_SCHEMA_ENGINE_BINARY to the path of an executable,
// which prevents the download.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const schema = fileURLToPath(new URL('../schema.prisma', import.meta.url))
const farm = fileURLToPath(new URL('../../packages/farm', import.meta.url))
const cli = join(dirname(createRequire(join(farm, 'package.json')).resolve('prisma/package.json')), 'build/index.js')
const { status } = spawnSync(process.execPath, [cli, 'generate', '--schema', schema], {
  cwd: farm,
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  stdio: ['ignore', 'inherit', 'inherit'],
})
process.exit(status ?? 1)

// Bundles the command line into dist/rumpfarm.mjs. The file contains all packages, so it needs only Node.js.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))

/** Replaces the file in one step, because another command may be reading the old file. */
const replaceFile = (path, contents, mode) => {
  writeFileSync(`${path}.${process.pid}`, contents, { mode })
  renameSync(`${path}.${process.pid}`, path)
}

/** The licence of the farm, and of the package from npm that the bundle contains. */
const licences = () => {
  const client = createRequire(join(here, '../../packages/client/src/index.ts'))
  const directory = dirname(client.resolve('openapi-fetch/package.json'))
  const ours = readFileSync(join(here, '../../LICENSE'), 'utf8')
  return `${ours}\n\nrumpfarm.mjs contains openapi-fetch:\n\n${readFileSync(join(directory, 'LICENSE'), 'utf8')}`
}

const { outputFiles } = await build({
  entryPoints: { rumpfarm: join(here, 'src/main.ts') },
  outdir: join(here, 'dist'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  minifySyntax: true,
  banner: { js: '#!/usr/bin/env node' },
  define: { RUMPFARM_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
  write: false,
})
mkdirSync(join(here, 'dist'), { recursive: true })
replaceFile(join(here, 'dist/LICENSE'), licences(), 0o644)
for (const { path, contents } of outputFiles) replaceFile(path, contents, 0o755)

// Bundles the command line into dist/rumpfarm.mjs. The file contains all packages, so it needs only Node.js.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
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

/** The licence of the farm, and those of the packages from npm that the bundle contains. */
const licences = inputs => {
  const paths = inputs.map(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean)
  const ours = readFileSync(join(here, '../../LICENSE'), 'utf8')
  const theirs = [...new Set(paths)].sort().map(path => {
    const directory = join(process.cwd(), path)
    const file = readdirSync(directory).find(name => /^licen[cs]e/i.test(name))
    if (!file) throw new Error(`${directory} has no licence`)
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1]
    return `rumpfarm.mjs contains ${name}:\n\n${readFileSync(join(directory, file), 'utf8')}`
  })
  return [ours, ...theirs].join('\n\n')
}

const { outputFiles, metafile } = await build({
  entryPoints: { rumpfarm: join(here, 'src/main.ts') },
  outdir: join(here, 'dist'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  minifySyntax: true,
  // The package yaml is CommonJS, which needs `require` for modules of Node.js.
  banner: {
    js: `#!/usr/bin/env node
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)`,
  },
  define: { RUMPFARM_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
  write: false,
  metafile: true,
})
mkdirSync(join(here, 'dist'), { recursive: true })
replaceFile(join(here, 'dist/LICENSE'), licences(Object.keys(metafile.inputs)), 0o644)
for (const { path, contents } of outputFiles) replaceFile(path, contents, 0o755)

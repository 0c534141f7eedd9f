// Bundles the server's entry points into apps/server/dist, because Node 20 does not run TypeScript. The bundling takes
// a fraction of a second.
import { mkdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const outdir = join(here, 'dist')
const insidePackages = `${sep}node_modules${sep}`

/**
 * Packages from npm stay out of the bundle. The bundle imports each of them by the path of a file: the file that the
 * importing workspace package would load. If the bundle used the package's name, Node would search for the package from
 * apps/server, which has only its own dependencies.
 */
const npmPackages = {
  name: 'npm-packages',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === 'asked' || kind === 'entry-point' || path.startsWith('node:')) return undefined
      const { path: file, external, errors } = await resolve(path, { importer, kind, resolveDir, pluginData: 'asked' })
      if (errors.length > 0) return { errors }
      if (external || !file.includes(insidePackages)) return { path: file, external }
      return { path: asImport(file), external: true }
    })
  },
}

/** The compiler of Prisma's queries is a text of 5 MB, so it stays outside of the bundle. */
const wasmOutside = {
  name: 'wasm-outside',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /\.wasm-base64\.mjs$/ }, async ({ path, importer, resolveDir, pluginData }) => {
      if (pluginData === 'asked') return undefined
      const script = path.replace(/mjs$/, 'js')
      const { path: file, errors } = await resolve(script, {
        importer,
        kind: 'require-call',
        resolveDir,
        pluginData: 'asked',
      })
      return errors.length > 0 ? { errors } : { path: file, external: true }
    })
  },
}

/**
 * For tests, which start many servers. The bundle contains the packages, so that a server loads one file. It is a script
 * and not a module, because Node can keep only the compiled code of a script (test/support/load-bundle.cjs). A source map of
 * the whole bundle would cost more time than the start of the server.
 */
const withPackages = {
  plugins: [wasmOutside],
  sourcemap: false,
  format: 'cjs',
  supported: { 'dynamic-import': false }, // compiled code that Node keeps cannot import
  define: { 'import.meta.url': 'bundleUrl' },
}

const asImport = file => {
  const path = relative(realpathSync(here), realpathSync(file)).split(sep).join('/')
  return `../${path}`
}

/** Replaces the file in one step, because another command may be reading the old file. */
const replaceFile = (path, contents) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, contents)
  renameSync(`${path}.${process.pid}`, path)
}

/** Bundles `{ name: URL of a .ts file }` and returns `{ name: URL of the bundle }`. `packagesInside` is for tests. */
export const bundle = async (entries, { packagesInside = false } = {}) => {
  const entryPoints = Object.entries(entries).map(([out, url]) => ({ out, in: fileURLToPath(url) }))
  const { outputFiles } = await build({
    entryPoints,
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: [], // only Node's own conditions, so that esbuild resolves each package to the same file as Node
    sourcemap: true,
    sourcesContent: false, // Node keeps the map in memory, and a stack trace needs only names and lines: 25 MB less
    jsx: 'automatic',
    jsxImportSource: 'preact',
    plugins: [npmPackages],
    logLevel: 'warning',
    write: false,
    ...(packagesInside ? withPackages : {}),
  })
  for (const { path, contents } of outputFiles) replaceFile(path, contents)
  return Object.fromEntries(Object.keys(entries).map(name => [name, pathToFileURL(join(outdir, `${name}.js`)).href]))
}

// From the command line: node apps/server/build.mjs NAME=FILE.ts … (each file is relative to the current directory)
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const pairs = process.argv.slice(2).map(argument => argument.split('=', 2))
  const entries = Object.fromEntries(pairs.map(([name, file]) => [name, pathToFileURL(file)]))
  await bundle(entries).catch(error => {
    if (!error.errors) throw error
    process.exitCode = 1 // esbuild has already printed the errors
  })
}

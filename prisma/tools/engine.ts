import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { findRoot, type MigrationFile } from '../../packages/farm/src/db/migrations/files.ts'
import { engineConnections } from './engine-adapter.ts'

/** TypeScript declares WebAssembly only for browsers. */
declare const WebAssembly: {
  instantiate: (code: Uint8Array, imports: object) => Promise<{ instance: { exports: Record<string, unknown> } }>
}

export type SchemaEngine = Bindings.SchemaEngine
/** The engine needs no filters, because the tables of BullMQ are in another PostgreSQL schema. */
export const noFilters: Bindings.SchemaFilter = { externalTables: [], externalEnums: [] }

/**
 * Loads Prisma's schema engine as WebAssembly. Prisma's command line would download a native engine. The package's main
 * file does not work on Node 20, because it imports the .wasm file as a module.
 */
const loadEngine = async (): Promise<typeof Bindings> => {
  const require = createRequire(join(findRoot(), 'prisma/package.json'))
  const directory = dirname(require.resolve('@prisma/schema-engine-wasm'))
  const bindings: typeof Bindings = await import(pathToFileURL(join(directory, 'schema_engine_bg.js')).href)
  const wasm = await readFile(join(directory, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, {
    './schema_engine_bg.js': bindings,
  })
  bindings.__wbg_set_wasm(instance.exports)
  ;(instance.exports.__wbindgen_start as () => void)()
  return bindings
}

// A panic in the engine calls set_message and then ends the process. No promise rejects.
Object.assign(globalThis, {
  PRISMA_WASM_PANIC_REGISTRY: { set_message: (text: string) => console.error(`Prisma's schema engine: ${text}`) },
})

// Each process loads the engine only once, even if vitest loads this module twice: the package keeps the WebAssembly
// instance in one variable. After a second load, the pointers of the first engine would point into the wrong memory.
const loaded = Symbol.for('rumpfarm.schema-engine')
const shared = globalThis as { [loaded]?: Promise<typeof Bindings> }

/** Runs `work` with an engine connected to `url`, and closes its connections. */
export const withEngine = async <T>(url: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> => {
  shared[loaded] ??= loadEngine()
  const { SchemaEngine } = await shared[loaded]
  const { bindMigrationAwareSqlAdapterFactory } = await import('@prisma/driver-adapter-utils')
  const connections = engineConnections(url)
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(connections.factory)
    const engine = await SchemaEngine.new({ datamodels: undefined }, () => {}, adapter)
    return await work(engine)
  } finally {
    await connections.close()
  }
}

export const migrationList = (directory: string, migrations: MigrationFile[]): Bindings.MigrationList => ({
  baseDir: directory,
  lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
  shadowDbInitScript: '',
  migrationDirectories: migrations.map(({ name, sql }) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
  })),
})

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { migrationConnections } from './adapter.ts'
import { findRoot, type MigrationFile } from './files.ts'

/** WebAssembly as Node has it: TypeScript declares it only for browsers. */
declare const WebAssembly: {
  instantiate: (code: Uint8Array, imports: object) => Promise<{ instance: { exports: Record<string, unknown> } }>
}

export type SchemaEngine = Bindings.SchemaEngine
/** Tables that are not the schema's: none. BullMQ has a PostgreSQL schema of its own. */
export const noFilters: Bindings.SchemaFilter = { externalTables: [], externalEnums: [] }

/**
 * Prisma's schema engine as WebAssembly: the command line's own would be a download at run time. Its package's main file
 * imports the .wasm as a module, which Node 20 cannot; so it is put together here, as that file would.
 */
const loadEngine = async (): Promise<typeof Bindings> => {
  const resolveFromFarm = createRequire(join(findRoot(), 'packages/farm/package.json'))
  const directory = dirname(resolveFromFarm.resolve('@prisma/schema-engine-wasm'))
  const bindings: typeof Bindings = await import(pathToFileURL(join(directory, 'schema_engine_bg.js')).href)
  const wasm = await readFile(join(directory, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, {
    './schema_engine_bg.js': bindings,
  })
  bindings.__wbg_set_wasm(instance.exports)
  ;(instance.exports.__wbindgen_start as () => void)()
  return bindings
}

// A panic in the engine calls this and then ends the process: no promise of its rejects.
Object.assign(globalThis, {
  PRISMA_WASM_PANIC_REGISTRY: { set_message: (text: string) => console.error(`Prisma's schema engine: ${text}`) },
})

// One for the whole process, even where this module is loaded twice (a test runner does that): the package's own code keeps
// the instance in a variable, and a second one would read the first one's pointers in its own memory.
const loaded = Symbol.for('rumpfarm.schema-engine')
const shared = globalThis as { [loaded]?: Promise<typeof Bindings> }

/** Runs `work` with an engine connected to `url`, and closes its connections. */
export const withEngine = async <T>(url: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> => {
  shared[loaded] ??= loadEngine()
  const { SchemaEngine } = await shared[loaded]
  const { bindMigrationAwareSqlAdapterFactory } = await import('@prisma/driver-adapter-utils')
  const connections = migrationConnections(url)
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

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface MigrationFile {
  name: string
  sql: string
  /** As Prisma writes it into _prisma_migrations: sha256 of the file, in hex. */
  checksum: string
}

/** The clone's directory, from this file: the bundle lies in another directory of it than the source does. */
export const findRoot = (from = dirname(fileURLToPath(import.meta.url))): string => {
  if (existsSync(join(from, 'prisma/schema.prisma'))) return from
  const parent = dirname(from)
  if (parent === from) throw new Error(`prisma/schema.prisma was not found above ${fileURLToPath(import.meta.url)}`)
  return findRoot(parent)
}

export const migrationsDirectory = (): string => join(findRoot(), 'prisma/migrations')

const readMigration = async (directory: string, name: string): Promise<MigrationFile> => {
  const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8')
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
}

/** In the order in which they are applied. */
export const readMigrations = async (directory: string): Promise<MigrationFile[]> => {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
  return Promise.all(names.sort().map(name => readMigration(directory, name)))
}

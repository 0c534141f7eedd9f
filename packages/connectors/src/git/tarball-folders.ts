import type { Dirent } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

// A cache of tarballs has 256 folders, named after the first two letters of the keys. So no directory becomes large, and
// the farm reads only one folder at a time: reading the times of 50,000 files at once would stop the server for seconds.

const ending = '.tar.gz'
const folderPattern = /^[0-9a-f]{2}$/
const draftHoursMax = 24

const folderOf = (key: string): string => key.slice(0, 2)

export const tarPath = (directory: string, key: string): string => join(directory, folderOf(key), `${key}${ending}`)
/** The file beside a tarball, with its checksums. Its time of change is the time of the tarball's last use. */
export const sumsPath = (file: string): string => file.replace(/\.tar\.gz$/, '.json')

/** Moves the files of an earlier version of the farm, which had no folders. */
export async function moveIntoFolders(directory: string): Promise<void> {
  const files = (await entriesOf(directory)).filter(entry => entry.isFile() && /^[0-9a-f]{40}\./.test(entry.name))
  for (const { name } of files) {
    const target = join(directory, folderOf(name), name)
    await mkdir(dirname(target), { recursive: true })
    await rename(join(directory, name), target).catch(ignoreMissing)
  }
}

interface Folder {
  bytes: number
  /** undefined: the folder has no tarball that may be removed. */
  oldest: OldTarball | undefined
}

interface OldTarball {
  file: string
  bytes: number
  usedMs: number
}

export interface Folders {
  /**
   * Removes the least recently used tarballs until the cache is within the limit. The keys in `inUse`, which include the
   * new tarballs, stay. Calls must not overlap.
   */
  makeRoom(inUse: ReadonlySet<string>): Promise<void>
}

/** Keeps the size of each folder in memory. The first `makeRoom` measures all folders, one after the other. */
export function openFolders(directory: string, bytesMax: number): Folders {
  const folders = new Map<string, Folder>()
  let usedBefore: ReadonlySet<string> = new Set()

  const measure = async (name: string, inUse: ReadonlySet<string>) =>
    void folders.set(name, await measureFolder(join(directory, name), inUse))

  /** The folder with the oldest tarball. Another use can have made it younger, so it must be measured again. */
  const oldestFolder = () =>
    [...folders]
      .flatMap(([name, { oldest }]) => (oldest ? [{ name, oldest }] : []))
      .sort(byUse)
      .at(0)

  async function removeOldest(inUse: ReadonlySet<string>): Promise<boolean> {
    for (;;) {
      const before = oldestFolder()
      if (!before) return false
      await measure(before.name, inUse)
      const now = oldestFolder()
      if (now?.oldest.file !== before.oldest.file) continue
      await Promise.all([rm(sumsPath(now.oldest.file), { force: true }), rm(now.oldest.file, { force: true })])
      await measure(now.name, inUse)
      return true
    }
  }

  return {
    async makeRoom(inUse) {
      const changed = new Set([...usedBefore, ...inUse].map(folderOf))
      usedBefore = inUse
      for (const name of folders.size === 0 ? await foldersIn(directory) : changed) await measure(name, inUse)
      while (totalOf(folders) > bytesMax) if (!(await removeOldest(inUse))) return
    },
  }
}

const foldersIn = async (directory: string): Promise<string[]> =>
  (await entriesOf(directory)).map(entry => entry.name).filter(name => folderPattern.test(name))

const byUse = (one: { oldest: OldTarball }, other: { oldest: OldTarball }): number =>
  one.oldest.usedMs - other.oldest.usedMs

const totalOf = (folders: ReadonlyMap<string, Folder>): number =>
  [...folders.values()].reduce((sum, folder) => sum + folder.bytes, 0)

/** Also removes the incomplete files of a killed server. */
async function measureFolder(path: string, inUse: ReadonlySet<string>): Promise<Folder> {
  const files = await Promise.all((await entriesOf(path)).map(({ name }) => measureFile(path, name)))
  const drafts = files.filter(
    ({ name, usedMs }) => name.startsWith('.') && Date.now() - usedMs > draftHoursMax * 3_600_000,
  )
  await Promise.all(drafts.map(({ file }) => rm(file, { force: true })))
  const tarballs = files.filter(({ name }) => !name.startsWith('.') && name.endsWith(ending))
  const [oldest] = tarballs
    .filter(({ name }) => !inUse.has(name.slice(0, -ending.length)))
    .sort((a, b) => a.usedMs - b.usedMs)
  return { bytes: tarballs.reduce((sum, { bytes }) => sum + bytes, 0), oldest }
}

async function measureFile(path: string, name: string) {
  const file = join(path, name)
  const [own, note] = await Promise.all([file, sumsPath(file)].map(each => stat(each).catch(() => undefined)))
  return { name, file, bytes: own?.size ?? 0, usedMs: note?.mtimeMs ?? own?.mtimeMs ?? 0 }
}

const entriesOf = async (directory: string): Promise<Dirent[]> =>
  (await readdir(directory, { withFileTypes: true }).catch(ignoreMissing)) ?? []

/** Another server of the farm can move or remove the same files. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}

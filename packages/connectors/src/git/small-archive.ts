import { readCommit } from './commit-object.ts'
import { EntryNames, isForGitToJudge } from './entry-names.ts'
import { type ObjectReader, ReaderClosed } from './object-reader.ts'
import { headerOf, paddingOf, trailerOf } from './tar-header.ts'
import type { TarballContent } from './tarball-content.ts'

// Larger trees take `git archive`, which is faster for them, and does not use the server's own thread.
const entriesMax = 500
const bytesMax = 4_000_000
/** git counts its global header when it pads the file. The farm removes this header (WithoutGlobalHeader). */
const globalHeaderBytes = 1024

interface TreeEntry {
  path: Buffer
  mode: number
  hash: string
}

/** Thrown for a tree that `git archive` must pack. */
class Other extends Error {}

/**
 * The tar file of a small commit, with the same bytes as `git archive`, without a new process. Undefined if the commit
 * is not small or is unusual: then `git archive` packs it, or reports what is wrong. Throws TarError for a name that no
 * host may receive.
 */
export async function packSmall(reader: ObjectReader, content: TarballContent): Promise<Buffer | undefined> {
  try {
    const { tree, time } = await commitOf(reader, content.commit)
    const root = await descend(reader, tree, content.path)
    const entries = await walk(reader, root, new Set(content.leaveOut))
    const names = new EntryNames()
    for (const { path } of entries) names.add(path)
    return await write(reader, entries, time)
  } catch (error) {
    if (error instanceof Other || error instanceof ReaderClosed) return undefined
    throw error
  }
}

async function commitOf(reader: ObjectReader, commit: string) {
  const object = await reader.read(commit)
  const read = object?.type === 'commit' ? readCommit(object.content) : undefined
  if (!read) throw new Other()
  return read
}

async function descend(reader: ObjectReader, tree: string, path: string | undefined): Promise<string> {
  let current = tree
  for (const part of path?.split('/') ?? []) {
    const name = Buffer.from(part)
    const found = (await readTree(reader, current)).find(({ path, mode }) => path.equals(name) && isTree(mode))
    if (!found) throw new Other()
    current = found.hash
  }
  return current
}

const isTree = (mode: number) => mode === 0o40000
const isFile = (mode: number) => (mode & 0o170000) === 0o100000
const isLink = (mode: number) => mode === 0o120000

async function readTree(reader: ObjectReader, hash: string): Promise<TreeEntry[]> {
  const object = await reader.read(hash)
  if (object?.type !== 'tree') throw new Other()
  const bytes = hash.length / 2
  const entries: TreeEntry[] = []
  for (let at = 0; at < object.content.length; ) {
    const space = object.content.indexOf(0x20, at)
    const end = object.content.indexOf(0, space)
    if (space < 0 || end < 0) throw new Other()
    entries.push({
      mode: Number.parseInt(object.content.toString('latin1', at, space), 8),
      path: object.content.subarray(space + 1, end),
      hash: object.content.toString('hex', end + 1, end + 1 + bytes),
    })
    at = end + 1 + bytes
  }
  if (entries.length > entriesMax || entries.some(({ path }) => isForGitToJudge(path))) throw new Other()
  return entries
}

/** All entries below a tree in git's order. A directory comes before its content, and is absent if it is empty. */
async function walk(
  reader: ObjectReader,
  hash: string,
  leaveOut: ReadonlySet<string>,
  prefix = Buffer.alloc(0),
  budget = { entries: entriesMax },
): Promise<TreeEntry[]> {
  const entries = (await readTree(reader, hash))
    .map(entry => ({ ...entry, path: Buffer.concat([prefix, entry.path]) }))
    .filter(({ path }) => !leaveOut.has(path.toString('latin1')) && !leaveOut.has(path.toString('utf8')))
  budget.entries -= entries.length
  if (budget.entries < 0) throw new Other()
  const parts = await Promise.all(
    entries.map(async entry => {
      if (isFile(entry.mode) || isLink(entry.mode)) return [entry]
      const own = { ...entry, path: Buffer.concat([entry.path, Buffer.from('/')]) }
      if (!isTree(entry.mode)) return [own]
      const below = await walk(reader, entry.hash, leaveOut, own.path, budget)
      return below.length > 0 ? [own, ...below] : []
    }),
  )
  return parts.flat()
}

async function write(reader: ObjectReader, entries: TreeEntry[], time: number): Promise<Buffer> {
  const withBlob = entries.filter(({ mode }) => isFile(mode) || isLink(mode))
  if (withBlob.length === 0) throw new Other()
  const infos = await Promise.all(withBlob.map(({ hash }) => reader.info(hash)))
  if (infos.some(info => info?.type !== 'blob')) throw new Other()
  if (infos.reduce((sum, info) => sum + (info?.size ?? 0), 0) > bytesMax) throw new Other()
  const pieces: Buffer[] = []
  const contents = await Promise.all(
    entries.map(({ mode, hash }) => (isFile(mode) || isLink(mode) ? reader.read(hash) : undefined)),
  )
  for (const [index, entry] of entries.entries()) {
    const content = contents[index]?.content
    const target = isLink(entry.mode) && content ? { target: content } : {}
    pieces.push(headerOf({ ...entry, time, size: isFile(entry.mode) ? (content?.length ?? 0) : 0, ...target }))
    if (isFile(entry.mode) && content) pieces.push(content, paddingOf(content.length))
  }
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return Buffer.concat([...pieces, trailerOf(bytes + globalHeaderBytes)])
}

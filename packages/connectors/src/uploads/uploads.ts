import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Checksums, type Sums } from '../git/archive.ts'
import type { Problem } from '../git/remote.ts'
import type { Mirrors } from '../mirrors.ts'
import { checkUpload } from './check-upload.ts'
import { TarReader } from './tar-reader.ts'
import {
  type Appended,
  fileOf,
  sharedTrees,
  sumsOf,
  type TreeFiles,
  treesIn,
  type UploadedFiles,
} from './tree-files.ts'

/** The bytes of uploaded trees: one tar.gz for each. Each request of an upload can reach another server of the farm. */
export interface Uploads {
  /** How many bytes the farm has. */
  received(id: string): Promise<number>
  /**
   * Writes pieces at an offset as they arrive, and never more than `bytesMax` bytes of the file. What arrived before the
   * connection broke stays. Returns how many bytes the farm has.
   */
  append(id: string, offset: number, pieces: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Appended>
  /** Compares the whole file with its SHA-256, and checks that a host can unpack it. A wrong file is emptied. */
  check(id: string, wanted: { bytes: number; sha256: string }): Promise<Checked>
  remove(id: string): Promise<void>
}

export type Checked =
  | ({ kind: 'checked' } & Sums)
  | { kind: 'incomplete'; received: number }
  | { kind: 'wrong'; problem: string }

/** Without `files`, all servers share `directory`. With `files`, they share these, and `directory` has copies of this server. */
export function openUploads(directory: string, files?: UploadedFiles): Uploads {
  const trees = treesOf(directory, files)
  return {
    received: id => trees.received(id),
    append: (id, offset, pieces, bytesMax) => trees.append(id, { offset, pieces, bytesMax }),
    async check(id, { bytes, sha256 }) {
      const size = await trees.received(id)
      if (size < bytes) return { kind: 'incomplete', received: size }
      const file = await trees.fetch(id)
      const sums = await checkUpload(file, bytes)
      const problem = 'problem' in sums ? sums.problem : sums.sha256 === sha256 ? undefined : 'its SHA-256 is wrong'
      if ('problem' in sums || problem !== undefined) {
        await trees.empty(id)
        return { kind: 'wrong', problem: problem ?? '' }
      }
      await trees.complete(id)
      await writeSums(directory, id, sums)
      return { kind: 'checked', ...sums }
    },
    remove: id => trees.remove(id),
  }
}

const treesOf = (directory: string, files?: UploadedFiles): TreeFiles =>
  files ? sharedTrees(directory, files) : treesIn(directory)

async function writeSums(directory: string, id: string, sums: Sums): Promise<void> {
  const draft = `${sumsOf(directory, id)}.${randomUUID()}` // two requests can check the same upload at once
  await writeFile(draft, `${JSON.stringify(sums)}\n`)
  await rename(draft, sumsOf(directory, id))
}

async function sumsOfFile(file: string): Promise<Sums> {
  const sums = new Checksums()
  for await (const piece of createReadStream(file)) sums.update(piece as Buffer)
  return sums.result()
}

/** No address of farm.yaml has a space, so no recipe can name an upload. */
const prefix = 'uploaded tree '

/** The name of an upload in the place of a repository's address. */
export const uploadName = (id: string): string => `${prefix}${id}`

const uploadOf = (repository: string): string | undefined =>
  repository.startsWith(prefix) && /^[0-9a-f-]{36}$/.test(repository.slice(prefix.length))
    ? repository.slice(prefix.length)
    : undefined

const textBytesMax = 65_536

/** Mirrors that also know uploads by their names. An upload has files, but no commits. */
export function withUploads(mirrors: Mirrors, directory: string, files?: UploadedFiles): Mirrors {
  const gone: Problem = {
    kind: 'problem',
    problem: 'the uploaded files are no longer on the farm: start the try again',
  }
  const trees = treesOf(directory, files)
  const readSums = (id: string) => readFile(sumsOf(directory, id), 'utf8').catch(() => undefined)
  /** The checksums of a checked upload, after this server has its bytes. Another server may have checked it. */
  const present = async (id: string) => {
    const text = await readSums(id)
    if (text !== undefined || !files || (await trees.received(id)) === 0) return text
    await writeSums(directory, id, await sumsOfFile(await trees.fetch(id)))
    return await readSums(id)
  }
  return {
    ...mirrors,
    async tarball(wanted) {
      const id = uploadOf(wanted.repository)
      if (id === undefined) return mirrors.tarball(wanted)
      const text = await present(id)
      if (text === undefined) return gone
      return { kind: 'tarball', key: id, file: fileOf(directory, id), ...(JSON.parse(text) as Sums) }
    },
    async readFile(wanted) {
      const id = uploadOf(wanted.repository)
      if (id === undefined) return mirrors.readFile(wanted)
      if ((await present(id)) === undefined) return gone
      const content = await readEntry(fileOf(directory, id), wanted.path)
      if (content.length <= textBytesMax && content.found) return { kind: 'file', text: content.text() }
      const why = content.found ? `is longer than ${textBytesMax} bytes` : 'does not exist'
      return { kind: 'problem', problem: `${wanted.path} of the uploaded tree ${why}` }
    },
  }
}

async function readEntry(file: string, path: string) {
  const pieces: Buffer[] = []
  let [found, length] = [false, 0]
  const reader = new TarReader(
    ({ name, type }) => {
      const isWanted = type === '0' && Buffer.from(name, 'latin1').toString() === path
      found ||= isWanted
      return isWanted
    },
    piece => {
      length += piece.length
      if (length <= textBytesMax) pieces.push(Buffer.from(piece))
    },
  )
  await pipeline(createReadStream(file), createGunzip(), reader)
  return { found, length, text: () => Buffer.concat(pieces).toString() }
}

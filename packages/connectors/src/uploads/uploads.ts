import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Sums } from '../git/archive.ts'
import type { Problem } from '../git/remote.ts'
import type { Mirrors } from '../mirrors.ts'
import { fetchShared, type SharedFiles } from '../shared-files.ts'
import { checkUpload } from './check-upload.ts'
import { TarReader } from './tar-reader.ts'

/** The bytes of uploaded trees: one tar.gz for each. All servers of a farm share the directory. */
export interface Uploads {
  /** How many bytes the farm has. The length of the file says it, so it survives a restart. */
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

export type Appended = { kind: 'appended' | 'wrong-offset' | 'too-long'; received: number }
export type Checked =
  | ({ kind: 'checked' } & Sums)
  | { kind: 'incomplete'; received: number }
  | { kind: 'wrong'; problem: string }

/** With `shared`, another server can send a checked upload to a host. All parts of one upload must reach one server. */
export function openUploads(directory: string, shared?: SharedFiles): Uploads {
  const received = async (id: string) => (await stat(fileOf(directory, id)).catch(() => undefined))?.size ?? 0
  return {
    received,
    async append(id, offset, pieces, bytesMax) {
      await mkdir(directory, { recursive: true })
      const file = await open(fileOf(directory, id), offset === 0 ? 'a' : 'r+').catch(() => undefined)
      await file?.close()
      const size = await received(id)
      if (offset > size) return { kind: 'wrong-offset', received: size }
      return write(fileOf(directory, id), offset, pieces, bytesMax)
    },
    async check(id, { bytes, sha256 }) {
      const size = await received(id)
      if (size < bytes) return { kind: 'incomplete', received: size }
      const sums = await checkUpload(fileOf(directory, id), bytes)
      const problem = 'problem' in sums ? sums.problem : sums.sha256 === sha256 ? undefined : 'its SHA-256 is wrong'
      if ('problem' in sums || problem !== undefined) {
        await truncate(fileOf(directory, id))
        return { kind: 'wrong', problem: problem ?? '' }
      }
      await shared?.store(sharedName(id), createReadStream(fileOf(directory, id)))
      await writeSums(directory, id, sums)
      return { kind: 'checked', ...sums }
    },
    async remove(id) {
      for (const file of [sumsOf(directory, id), fileOf(directory, id)]) await rm(file, { force: true })
      await shared?.remove(sharedName(id))
    },
  }
}

const fileOf = (directory: string, id: string) => join(directory, `${id}.tar.gz`)
const sumsOf = (directory: string, id: string) => join(directory, `${id}.json`)

const sharedName = (id: string) => `tries/${id}.tar.gz`

async function writeSums(directory: string, id: string, sums: Sums): Promise<void> {
  const draft = `${sumsOf(directory, id)}.${randomUUID()}` // two requests can check the same upload at once
  await writeFile(draft, `${JSON.stringify(sums)}\n`)
  await rename(draft, sumsOf(directory, id))
}

async function write(
  path: string,
  offset: number,
  pieces: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Appended> {
  const file = await open(path, 'r+')
  let at = offset
  try {
    // Each write names its offset. So if two connections send the same part, both write the same bytes.
    for await (const piece of pieces) {
      if (at + piece.length > bytesMax) return { kind: 'too-long', received: at }
      for (let done = 0; done < piece.length; )
        done += (await file.write(piece, done, piece.length - done, at + done)).bytesWritten
      at += piece.length
    }
    return { kind: 'appended', received: at }
  } finally {
    await file.close()
  }
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
export function withUploads(mirrors: Mirrors, directory: string, shared?: SharedFiles): Mirrors {
  const gone: Problem = {
    kind: 'problem',
    problem: 'the uploaded files are no longer on the farm: start the try again',
  }
  const readSums = (id: string) => readFile(sumsOf(directory, id), 'utf8').catch(() => undefined)
  /** The checksums of an upload, after this server has its bytes. */
  const present = async (id: string) => {
    const text = await readSums(id)
    if (text !== undefined || !shared) return text
    await mkdir(directory, { recursive: true })
    const draft = `${fileOf(directory, id)}.${randomUUID()}`
    try {
      const sums = await fetchShared(shared, sharedName(id), draft)
      if (!sums) return undefined
      await rename(draft, fileOf(directory, id))
      await writeSums(directory, id, sums)
      return await readSums(id)
    } finally {
      await rm(draft, { force: true })
    }
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

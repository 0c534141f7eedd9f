import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { TreeEntry } from './entries.ts'
import { headOf, paddingOf, tarEnd } from './ustar.ts'

export interface Packed {
  bytes: number
  sha256: string
}

/** No farm accepts more: its protocol counts in nine digits. */
const packedBytesMax = 999_999_999
const pieceBytes = 262_144

/** Writes the entries as a tar.gz. The same entries give the same bytes, so an upload can continue later. */
export async function packTree(entries: readonly TreeEntry[], file: string, signal?: AbortSignal): Promise<Packed> {
  const [hash, counted] = [createHash('sha256'), { bytes: 0 }]
  const count = new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece)
      counted.bytes += piece.length
      const tooLarge = counted.bytes > packedBytesMax
      done(tooLarge ? new Error(`the packed files have more than ${packedBytesMax} bytes`) : null, piece)
    },
  })
  const source = Readable.from(tarOf(entries), { objectMode: false })
  await pipeline(source, createGzip({ level: 4 }), count, createWriteStream(file), ...(signal ? [{ signal }] : []))
  return { bytes: counted.bytes, sha256: hash.digest('hex') }
}

async function* tarOf(entries: readonly TreeEntry[]): AsyncGenerator<Buffer> {
  // All files have the same time, as in the tarball of a commit. So make runs no rule because of the order of a checkout.
  const time = Math.floor(newestMs(entries) / 1000)
  const made = new Set<string>()
  for (const entry of entries) {
    for (const name of parentsOf(entry.name)) {
      const key = name.toString('latin1')
      if (!made.has(key)) yield headOf({ name, type: 'directory', time })
      made.add(key)
    }
    yield headOf({ ...entry, time })
    if (entry.type === 'file') yield* contentOf(entry)
  }
  yield tarEnd
}

const newestMs = (entries: readonly TreeEntry[]): number =>
  entries.reduce((newest, { changedMs }) => Math.max(newest, changedMs), 0)

function* parentsOf(name: Buffer): Generator<Buffer> {
  for (let slash = name.indexOf(47); slash !== -1 && slash < name.length - 1; slash = name.indexOf(47, slash + 1))
    yield name.subarray(0, slash + 1)
}

async function* contentOf({ name, path, bytes }: TreeEntry): AsyncGenerator<Buffer> {
  const file = await open(path)
  let read = 0
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(pieceBytes)
      const { bytesRead } = await file.read(piece, 0, pieceBytes, read)
      if (bytesRead === 0) break
      read += bytesRead
      if (read > bytes) break
      yield piece.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
  if (read !== bytes) throw new Error(`${JSON.stringify(name.toString())} changed while it was packed: try again`)
  yield paddingOf(bytes)
}

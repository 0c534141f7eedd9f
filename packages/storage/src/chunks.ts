import { createHash } from 'node:crypto'
import { type Checksum, Cksum } from '@rumpfarm/contracts'
import { lengthOf, piecesOf } from './bytes.ts'
import type { Bytes, StoredFile } from './storage.ts'

/** A part of a file, as a host sends it: bytes, and their offset in the file. */
export interface Chunk {
  offset: number
  bytes: Bytes
  /** The checksum of the bytes; null if the host has no tool for checksums. */
  checksum: Checksum | null
}

export type ChunkOutcome = { kind: 'ok' | 'wrong-offset'; size: number } | { kind: 'wrong-sum' }

/**
 * Appends a chunk to its file, unless the file is already longer than `bytesMax`. A chunk that arrives twice is stored
 * once. An empty chunk is a heartbeat and is accepted at any offset.
 */
export async function appendChunk(file: StoredFile, chunk: Chunk, bytesMax: number): Promise<ChunkOutcome> {
  const { offset, checksum } = chunk
  const pieces = piecesOf(chunk.bytes)
  const bytes = lengthOf(pieces)
  let size = file.size ?? (await file.refreshSize())
  if (bytes === 0) return { kind: 'ok', size }
  if (offset !== size) size = await file.refreshSize()
  if (offset !== size) return { kind: 'wrong-offset', size }
  const crc = checksum?.kind === 'crc' ? crcOf(pieces) : undefined
  if (checksum && checksum.value !== (crc ? String(crc.digest()) : hashOf(checksum.kind, pieces)))
    return { kind: 'wrong-sum' }
  if (size > bytesMax) return { kind: 'ok', size }
  size = await file.write(offset, pieces, crc)
  return { kind: size < offset + bytes ? 'wrong-offset' : 'ok', size }
}

const crcOf = (pieces: readonly Uint8Array[]): Cksum => pieces.reduce((crc, piece) => crc.update(piece), new Cksum())

function hashOf(kind: string, pieces: readonly Uint8Array[]): string {
  const hash = createHash(kind)
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

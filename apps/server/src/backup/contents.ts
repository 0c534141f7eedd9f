// What is in the file of a backup: docs/operations.md describes the members.
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Table } from '@rumpfarm/farm'

/** The first member. */
export interface About {
  /** 1; a later format gets another number. */
  format: number
  /** The version of the farm that made the backup. */
  version: string
  takenAt: string
  migrations: string[]
  tables: Table[]
}

/** The last member before the checksums. */
export interface Totals {
  /** How many rows each table has. */
  rows: Record<string, number>
  sequences: Record<string, string>
  /** How many logs and artifacts the farm had, and their bytes. */
  files: number
  fileBytes: number
}

export const aboutName = 'about.json'
export const totalsName = 'totals.json'
export const farmFileName = 'farm.yaml'

export const rowsName = (table: string, piece: number): string => `database/${table}/${numbered(piece)}.gz`
export const filesName = (piece: number): string => `stored-files/${numbered(piece)}.gz`
export const secretName = (secret: string): string => `secrets/${secret}`

const numbered = (piece: number): string => String(piece).padStart(6, '0')

/** The table of a member with rows; undefined for another member. */
export const tableOf = (member: string): string | undefined => /^database\/(\w+)\/\d+\.gz$/.exec(member)?.[1]
export const isFilesName = (member: string): boolean => /^stored-files\/\d+\.gz$/.test(member)
/** The name of a secret. A name with another character would leave the directory of the secrets. */
export const secretOf = (member: string): string | undefined => /^secrets\/([a-z0-9-]+)$/.exec(member)?.[1]

const compressBytes = promisify(gzip)
export const unpack: (bytes: Uint8Array) => Promise<Buffer> = promisify(gunzip)

/** Level 1 needs a third of the time of the usual level, and the result is a fifth larger. */
export const compress = (bytes: Uint8Array): Promise<Buffer> => compressBytes(bytes, { level: 1 })

export const asJson = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`)

const pieceBytes = 8_000_000

/** Joins bytes to pieces of whole lines, of about 8 MB each. One line can be longer. */
export async function* wholeLines(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let collected: Uint8Array[] = []
  let length = 0
  for await (const part of bytes) {
    const end = length + part.length >= pieceBytes ? part.lastIndexOf(0x0a) + 1 : 0
    collected.push(end === 0 ? part : part.subarray(0, end))
    length += part.length
    if (end === 0) continue
    yield Buffer.concat(collected)
    collected = [part.subarray(end)]
    length = part.length - end
  }
  if (length > 0) yield Buffer.concat(collected)
}

export function linesIn(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count++
  return count
}

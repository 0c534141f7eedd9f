import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type ChecksumKind, Cksum } from '@rumpfarm/contracts'

/** Reads a whole stream once and returns its checksums of these kinds. Throws the error of the stream. */
export async function checksumsOf<Kind extends ChecksumKind>(
  bytes: Readable,
  kinds: readonly Kind[],
): Promise<Record<Kind, string>> {
  const sums = kinds.map(kind => [kind, kind === 'crc' ? new Cksum() : createHash(kind)] as const)
  for await (const chunk of bytes) for (const [, sum] of sums) sum.update(chunk)
  const values = sums.map(([kind, sum]) => [kind, sum instanceof Cksum ? String(sum.digest()) : sum.digest('hex')])
  return Object.fromEntries(values)
}

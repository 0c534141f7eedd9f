/** crc is the CRC of POSIX cksum, in decimal digits. md5 and sha256 are in lower-case hexadecimal digits. */
export type ChecksumKind = 'crc' | 'md5' | 'sha256'

export interface Checksum {
  kind: ChecksumKind
  value: string
}

/**
 * The checksum that a host sent: `crc:…`, `md5:…` or `sha256:…`. Null for `none`, which a host sends if it has no
 * program for checksums. Undefined for other text.
 */
export function readChecksum(text: string): Checksum | null | undefined {
  if (text === 'none') return null
  const [, crc] = /^crc:(\d{1,10})$/.exec(text) ?? []
  if (crc !== undefined) return { kind: 'crc', value: String(Number(crc)) }
  const [, kind, value] = /^(md5):([0-9a-f]{32})$/.exec(text) ?? /^(sha256):([0-9a-f]{64})$/.exec(text) ?? []
  return value === undefined ? undefined : { kind: kind as ChecksumKind, value }
}

export const writeChecksum = (checksum: Checksum | null): string =>
  checksum ? `${checksum.kind}:${checksum.value}` : 'none'

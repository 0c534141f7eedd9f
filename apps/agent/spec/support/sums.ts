import { createHash } from 'node:crypto'

const table = Uint32Array.from({ length: 256 }, (_, i) => {
  let c = i << 24
  for (let k = 0; k < 8; k++) c = c & 0x80000000 ? (c << 1) ^ 0x04c11db7 : c << 1
  return c >>> 0
})

const shift = (crc: number, byte: number) => ((crc << 8) ^ (table[((crc >>> 24) ^ byte) & 255] ?? 0)) >>> 0

/** The checksum of POSIX cksum(1), over the bytes and then their count, low byte first. */
export const cksum = (bytes: Uint8Array): number => {
  let crc = 0
  for (const byte of bytes) crc = shift(crc, byte)
  for (let n = bytes.length; n > 0; n = Math.floor(n / 256)) crc = shift(crc, n & 255)
  return ~crc >>> 0
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
export const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

/** True if `sum`, in the format of the protocol, is the checksum of these bytes. */
export const sumIsRight = (sum: string, bytes: Uint8Array): boolean => {
  const [kind, value] = sum.split(':')
  if (kind === 'crc') return value === String(cksum(bytes))
  if (kind === 'sha256') return value === sha256(bytes)
  if (kind === 'md5') return value === md5(bytes)
  return sum === 'none'
}

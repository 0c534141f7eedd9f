/**
 * A set of short byte sequences for one fast loop over a log. The loop keeps the last four bytes in `window`, and tests
 * `window & mask`: first in a small table of hashes, and then in the exact set.
 */
export interface ByteFilter {
  keys: ReadonlySet<number>
  mask: number
  table: Uint8Array
  shift: number
}

/** The multiplier of Knuth's hash: 2^32 divided by the golden ratio. */
export const hashFactor = 0x9e3779b1
const tableBits = 16
const windowBytes = 4

/** Finds each line that contains one of these ASCII texts of at least three characters, and some further lines. */
export const filterForTexts = (texts: readonly string[]): ByteFilter => byteFilter(texts.flatMap(windowsOf), 0xffffffff)

/** Finds each line that contains one of these pairs of ASCII characters. */
export const filterForPairs = (pairs: readonly string[]): ByteFilter => byteFilter(pairs, 0xffff)

/** Four neighbouring bytes that a line with this text contains. A shorter text can have any byte after it. */
function windowsOf(text: string): string[] {
  if (text.length < windowBytes) return Array.from({ length: 256 }, (_, byte) => `${text}${String.fromCharCode(byte)}`)
  const windows = Array.from({ length: text.length - windowBytes + 1 }, (_, at) => text.slice(at, at + windowBytes))
  const [rarest = text] = windows.sort((one, other) => rarity(other) - rarity(one))
  return [rarest]
}

/** The letters from the most to the least frequent in English. Other characters are rarer, except for the blank. */
const frequent = ' etaoinsrhldcumfpgwybvkxjqz'

const rarity = (window: string): number =>
  [...window].reduce((sum, letter) => sum + (frequent.includes(letter) ? frequent.indexOf(letter) : frequent.length), 0)

function byteFilter(windows: readonly string[], mask: number): ByteFilter {
  const shift = 32 - tableBits
  const keys = new Set(windows.map(keyOf))
  const table = new Uint8Array(1 << tableBits)
  for (const key of keys) table[Math.imul(key, hashFactor) >>> shift] = 1
  return { keys, mask, table, shift }
}

const keyOf = (window: string): number => [...window].reduce((key, letter) => (key << 8) | letter.charCodeAt(0), 0)

export interface Range {
  start: number
  /** The range ends before this byte. */
  end: number
}

/**
 * Reads a Range header (RFC 9110, 14.1.2). Returns undefined if there is no header. Also returns undefined if the
 * header has several ranges or another unit, or is malformed, because a server may ignore such a header. The page
 * docs/decisions/0019 says why the farm uses no library for this.
 */
export function readRange(header: string | undefined, size: number): Range | 'outside' | undefined {
  const match = /^bytes *= *(\d{0,15})-(\d{0,15}) *$/i.exec(header ?? '')
  const [, first = '', last = ''] = match ?? []
  if (!match || (first === '' && last === '')) return undefined
  if (first === '')
    return Number(last) === 0 || size === 0 ? 'outside' : { start: Math.max(0, size - Number(last)), end: size }
  const start = Number(first)
  const end = last === '' ? size : Math.min(size, Number(last) + 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'outside' : { start, end }
}

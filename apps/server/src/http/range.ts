export interface Range {
  start: number
  /** The range ends before this byte. */
  end: number
}

/**
 * The range that a header Range names (RFC 9110, 14.1.2). Undefined if there is none, or if the server may ignore it:
 * several ranges, another unit, a malformed header. docs/decisions/0019 says why this is not a library.
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

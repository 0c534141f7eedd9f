export interface Range {
  start: number
  /** Without this byte. */
  end: number
}

/**
 * The one range that a header Range asks for (RFC 9110, 14.1.2). Undefined: none, or one that may be ignored: several
 * ranges, another unit, nonsense.
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

/** The encodings that the farm reads. Every other encoding is refused, because its text would be wrong. */
const encodings: Record<string, string> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'iso-8859-1': 'latin1',
  'iso8859-1': 'latin1',
  'latin-1': 'latin1',
  latin1: 'latin1',
  'windows-1252': 'latin1',
  'iso-8859-15': 'iso-8859-15',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
}

/** The label for TextDecoder, from a file's first bytes: its byte order mark, then its XML declaration. */
export function encodingOf(start: Uint8Array): { label: string } | { unknown: string } {
  const [first, second] = start
  if (first === 0xff && second === 0xfe) return { label: 'utf-16le' }
  if (first === 0xfe && second === 0xff) return { label: 'utf-16be' }
  if (first === 0x3c && second === 0) return { label: 'utf-16le' }
  if (first === 0 && second === 0x3c) return { label: 'utf-16be' }
  const text = String.fromCharCode(...start.subarray(0, 200))
  const declared = /^(?:\xEF\xBB\xBF)?\s*<\?xml[^>]{0,150}?\bencoding\s*=\s*["']([^"']{1,40})["']/.exec(text)?.[1]
  if (declared === undefined) return { label: 'utf-8' }
  const name = declared.toLowerCase()
  // The bytes of the declaration are not those of UTF-16, so its encoding cannot be UTF-16.
  if (name.startsWith('utf-16')) return { label: 'utf-8' }
  const label = Object.hasOwn(encodings, name) ? encodings[name] : undefined
  return label === undefined ? { unknown: declared } : { label }
}

/** Makes text that PostgreSQL and UTF-8 can store: NUL and lone surrogates become U+FFFD, the replacement character. */
export const storableText = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

/**
 * Applies `storableText` to every text in lists and plain objects. Other values, such as bytes and dates, do not
 * change.
 */
export function storable<Value>(value: Value): Value
export function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(item => storable(item))
  if (isPlainObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storableText(key), storable(inner)]))
  return value
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The first `max` UTF-16 units of a text. The result never ends in half a surrogate pair. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text
  const last = text.charCodeAt(max - 1)
  const splitsPair = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, splitsPair ? max - 1 : max)
}

/** Text as PostgreSQL and UTF-8 can hold it: NUL and lone surrogates become U+FFFD, the replacement character. */
export const storableText = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

/** The same for every text in a value made of lists and plain objects, as JSON has them. Bytes and dates stay as they are. */
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

/** At most the first `max` UTF-16 units of a text, without the half of a surrogate pair at its end. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text
  const last = text.charCodeAt(max - 1)
  const splitsPair = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, splitsPair ? max - 1 : max)
}

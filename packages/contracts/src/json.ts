import { cut } from './text.ts'

export type Json =
  | { kind: 'value'; value: unknown }
  | { kind: 'malformed'; line: number; column: number; problem: string }

/** Parses JSON. A problem has a line and a column, counted from 1. Messages of Node often have no position. */
export function readJson(text: string): Json {
  try {
    return { kind: 'value', value: JSON.parse(text) }
  } catch {
    const { at, expected } = firstError(text)
    const before = text.slice(0, at).split('\n')
    const found = at < text.length ? JSON.stringify(text.slice(at, at + 20)) : 'the end'
    const problem = `found ${found} where ${expected} should be`
    return { kind: 'malformed', line: before.length, column: (before.at(-1)?.length ?? 0) + 1, problem }
  }
}

type Expecting = 'value' | 'value or ]' | 'name' | 'name or }' | ':' | ', or the closing bracket' | 'the end'

const space = /[ \t\n\r]*/y
const [quote, backslash, firstPrintable] = [0x22, 0x5c, 0x20]
const simpleEscapes = '"\\/bfnrt'
const unicode = /u[0-9a-fA-F]{4}/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y

/** The length of the match at this position; 0 without a match. */
function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}

/**
 * The length of the string at this position; 0 without a complete string. This function uses no regular expression for
 * the whole string. One expression took exponential time for 30 letters without a closing quote, and another expression
 * overflowed the stack for a string of 20 MB.
 */
function stringLengthAt(text: string, at: number): number {
  if (text[at] !== '"') return 0
  for (let next = at + 1; next < text.length; next++) {
    const code = text.charCodeAt(next)
    if (code === quote) return next + 1 - at
    if (code < firstPrintable) return 0
    if (code !== backslash) continue
    const escaped = simpleEscapes.includes(text[next + 1] ?? 'none') ? 1 : lengthAt(unicode, text, next + 1)
    if (escaped === 0) return 0
    next += escaped
  }
  return 0
}

/** The position of the first error in a text, and a description of the text that JSON expects there. */
function firstError(text: string): { at: number; expected: string } {
  const open: ('{' | '[')[] = []
  let expecting: Expecting = 'value'
  for (let at = lengthAt(space, text, 0); ; at += lengthAt(space, text, at)) {
    const step = readToken(text, at, expecting, open)
    if (!step || at >= text.length) return { at, expected: describe(expecting) }
    expecting = step.next
    at += step.length
  }
}

interface Step {
  length: number
  next: Expecting
}

function readToken(text: string, at: number, expecting: Expecting, open: ('{' | '[')[]): Step | undefined {
  const sign = text[at]
  const after = (): Expecting => (open.length > 0 ? ', or the closing bracket' : 'the end')
  const closes = sign === (open.at(-1) === '{' ? '}' : ']') && open.length > 0
  if (closes && /[\]}]|closing/.test(expecting)) {
    open.pop()
    return { length: 1, next: after() }
  }
  switch (expecting) {
    case 'value':
    case 'value or ]':
      return readValue(text, at, open, after)
    case 'name':
    case 'name or }':
      return ifLong(stringLengthAt(text, at), ':')
    case ':':
      return sign === ':' ? { length: 1, next: 'value' } : undefined
    case ', or the closing bracket':
      return sign === ',' ? { length: 1, next: open.at(-1) === '{' ? 'name' : 'value' } : undefined
    case 'the end':
      return undefined
  }
}

function readValue(text: string, at: number, open: ('{' | '[')[], after: () => Expecting): Step | undefined {
  const sign = text[at]
  if (sign === '{' || sign === '[') {
    open.push(sign)
    return { length: 1, next: sign === '{' ? 'name or }' : 'value or ]' }
  }
  return ifLong(stringLengthAt(text, at) || lengthAt(scalar, text, at), after())
}

const ifLong = (length: number, next: Expecting): Step | undefined => (length > 0 ? { length, next } : undefined)

const describe = (expecting: Expecting): string =>
  expecting.replace(/^value/, 'a value').replace(/^name/, 'a name in quotes')

/** The error message for an unknown key. */
export const unknownKey = (key: string, allowed: readonly string[]): string =>
  `unknown key ${JSON.stringify(cut(key, 60))}; allowed: ${allowed.join(', ') || 'none'}`

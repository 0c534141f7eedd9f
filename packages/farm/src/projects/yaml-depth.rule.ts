import { type CST, Parser } from 'yaml'

type Nested = { token: CST.Token; depth: number }

/**
 * The offset of the first token that is nested deeper than `depthMax`, or undefined. Call this function before the
 * package yaml composes the text. yaml composes by recursion, and a text of 1,000 opening brackets ended the whole
 * process, because V8 aborts if it compiles a regular expression on an exhausted stack. yaml's Parser, which this
 * function uses, needs no recursion.
 */
export function tooDeep(text: string, depthMax: number): number | undefined {
  const waiting: Nested[] = [...new Parser().parse(text)].map(token => ({ token, depth: 0 }))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (next.depth > depthMax) return next.token.offset
    waiting.push(...inside(next))
  }
  return undefined
}

function* inside({ token, depth }: Nested): Generator<Nested> {
  if (token.type === 'document' && token.value) yield { token: token.value, depth: depth + 1 }
  if (!('items' in token)) return
  for (const { key, value } of token.items) {
    if (key) yield { token: key, depth: depth + 1 }
    if (value) yield { token: value, depth: depth + 1 }
  }
}

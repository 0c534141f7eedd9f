import { createHash } from 'node:crypto'

/** The version of the rules, of the normalisation and of the key. A new version starts new fingerprints. */
export const fingerprintVersion = 1
const fingerprintBytes = 16

/** Two failures are the same if their fingerprints are equal: 32 hexadecimal digits for the rule and normalised text. */
export const fingerprint = (rule: string, text: string): string =>
  createHash('sha256')
    .update(`${fingerprintVersion}\0${rule}\0${text}`)
    .digest('hex')
    .slice(0, 2 * fingerprintBytes)

const symbolCharactersMax = 200
// The farm has removed the quotes of other kinds (normalise.rule.ts, step 1).
const undefinedSymbol =
  /\b(?:undefined (?:reference to|symbol:?)|undeclared identifier:?) ?["']?([A-Za-z_$.][\w$.@:~<>]{0,299})/i
const goUndefined = /: undefined: ([A-Za-z_][\w.]{0,299})$/
const quoted = /["']([A-Za-z_$~][\w$:.~]{1,299})(?:\([^"']{0,200}\))?["']/g
// These words are quoted in messages about types and syntax, so two failures that quote them have nothing in common.
const words = new Set(
  `auto bool break case char class const continue default double else enum extern float for goto if inline int int8_t
   int16_t int32_t int64_t long main operator private protected public register restrict return short signed size_t
   sizeof ssize_t static std::string string struct switch template this typedef uint8_t uint16_t uint32_t uint64_t union
   unsigned using virtual void volatile while`.split(/\s+/),
)
const fileName = /\.(?:[chlmosSya]|cc|cpp|cxx|hh|hpp|go|f90?|py|java|rs|pm|pl|t|sh|mk|so)$/

/**
 * The symbol that a message of a compiler or linker quotes; undefined if there is none. Two compilers that do not know
 * `uvmexp` print different messages, but quote the same symbol.
 */
export function symbolOf(text: string): string | undefined {
  const named = undefinedSymbol.exec(text)?.[1] ?? goUndefined.exec(text)?.[1]
  if (named !== undefined) return named.replace(/[.:]+$/, '').slice(0, symbolCharactersMax)
  for (const [, symbol = ''] of text.matchAll(quoted))
    if (!words.has(symbol) && !fileName.test(symbol)) return symbol.slice(0, symbolCharactersMax)
  return undefined
}

/** What the comparison of two groups of failures needs. */
export interface ComparedFailure {
  fingerprint: string
  /** The quoted name of a cause. Only rules of group C have one, so equal symbols are of one group. */
  symbol: string | null
  /** The normalised line. */
  text: string
}

/** The other failures of a list that are probably, or possibly, the same as a failure. */
export interface Alike {
  /** Fingerprints of failures with the same symbol: two compilers that do not know `uvmexp` print different texts. */
  sameSymbol: string[]
  /** Fingerprints of failures with a similar text. This is only a suggestion: the farm never counts them as one. */
  looksLike: string[]
}

/** Measured: one error in two files is 0.92 alike, but errors about two different symbols are up to 0.75 alike. */
export const similarityMin = 0.85

/** Compares each failure with each other one. At most some tens of failures, or the time grows with their square. */
export function findAlike(failures: readonly ComparedFailure[]): Alike[] {
  const prepared = failures.map(failure => ({
    ...failure,
    trigrams: trigramsOf(failure.text),
    names: quotedNames(failure.text),
  }))
  return prepared.map(one => {
    const others = prepared.filter(other => other !== one)
    const sameSymbol = others.filter(other => one.symbol !== null && other.symbol === one.symbol)
    const looksLike = others.filter(
      other =>
        !sameSymbol.includes(other) &&
        other.symbol === one.symbol &&
        other.names === one.names &&
        similarity(one.trigrams, other.trigrams) >= similarityMin,
    )
    return { sameSymbol: sameSymbol.map(printOf), looksLike: looksLike.map(printOf) }
  })
}

const printOf = ({ fingerprint }: ComparedFailure): string => fingerprint

/** The share of the trigrams that two texts have in common: from 0 to 1. */
export const textSimilarity = (one: string, other: string): number => similarity(trigramsOf(one), trigramsOf(other))

function similarity(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const [small, large] = one.size < other.size ? [one, other] : [other, one]
  // The share is at most small/large, so most pairs need no comparison.
  if (large.size === 0 || small.size < similarityMin * large.size) return 0
  let common = 0
  for (const trigram of small) if (large.has(trigram)) common += 1
  return common / (small.size + large.size - common)
}

/** As pg_trgm counts them: of each word in lower case, with two blanks before it and one after it. */
function trigramsOf(text: string): Set<string> {
  const trigrams = new Set<string>()
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const padded = `  ${word} `
    for (let at = 0; at + 3 <= padded.length; at += 1) trigrams.add(padded.slice(at, at + 3))
  }
  return trigrams
}

/** The quoted names of a text, as one text. The quote in "don't" begins no name. */
const quotedNames = (text: string): string =>
  (text.match(/(?<!\w)(?:'[^']{1,300}'|"[^"]{1,300}")(?!\w)/g) ?? []).sort().join('\n')

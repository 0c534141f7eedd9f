import picomatch from 'picomatch'

export type Matcher = (text: string) => boolean

/** Whether a pattern is a plain name, which matches only itself. */
export const isPlain = (pattern: string): boolean => !/[*?[\](){}!+@|]/.test(pattern)

// The cache saves time because a farm compares the same few patterns with the same names again and again.
const matchers = new Map<string, Matcher>()
const matchersMax = 1000
let answersLeft = 0
const answersMax = 50_000

/** Whether a text matches one of these patterns of farm.yaml. Remembers at most `answersMax` answers of all patterns. */
export function matcher(globs: readonly string[]): Matcher {
  const key = globs.join('\0')
  let known = matchers.get(key)
  if (!known) {
    if (matchers.size >= matchersMax) matchers.clear()
    known = remembered(limited(picomatch([...globs], { nonegate: true, dot: true })))
    matchers.set(key, known)
  }
  return known
}

/** Forgets all matchers, and so their answers, after `answersMax` new answers. */
function limited(matches: Matcher): Matcher {
  return text => {
    if (answersLeft === 0) {
      matchers.clear()
      answersLeft = answersMax
    }
    answersLeft--
    return matches(text)
  }
}

/** A matcher that remembers its answers, so each text is matched only once. */
export function remembered(matches: Matcher): Matcher {
  const answers = new Map<string, boolean>()
  return text => {
    const answer = answers.get(text) ?? matches(text)
    answers.set(text, answer)
    return answer
  }
}

import picomatch from 'picomatch'

export type Matcher = (text: string) => boolean

/** Whether a pattern is a plain name, which matches only itself. */
export const isPlain = (pattern: string): boolean => !/[*?[\](){}!+@|]/.test(pattern)

// The cache saves time because a farm uses the same few patterns again and again.
const matchers = new Map<string, Matcher>()
const matchersMax = 1000

/** Whether a text matches one of these patterns of farm.yaml. */
export function matcher(globs: readonly string[]): Matcher {
  const key = globs.join('\0')
  let known = matchers.get(key)
  if (!known) {
    if (matchers.size >= matchersMax) matchers.clear()
    known = picomatch([...globs], { nonegate: true, dot: true })
    matchers.set(key, known)
  }
  return known
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

import { RE2JS } from 're2js'

/** Whether a line matches one of a recipe's patterns. */
export type LineMatcher = (line: string) => boolean

/** A pattern with large counts, such as (a{99}){99}, would need much memory and time for each line. */
const programSizeMax = 2000

const never: LineMatcher = () => false
const matchers = new Map<string, LineMatcher>()
const matchersMax = 200

/**
 * A matcher for the patterns of `errors:` or `ignore:`. The patterns have the syntax of RE2, so the time is linear in the
 * length of the line, whatever a recipe contains. A pattern that is not valid matches no line.
 */
export function lineMatcher(patterns: readonly string[]): LineMatcher {
  const key = patterns.join('\n')
  const known = matchers.get(key)
  if (known) return known
  if (matchers.size >= matchersMax) matchers.clear()
  const valid = patterns.filter(pattern => patternProblem(pattern) === undefined)
  const made = valid.length === 0 ? never : testOf(valid)
  matchers.set(key, made)
  return made
}

function testOf(patterns: readonly string[]): LineMatcher {
  // One automaton for all patterns reads the line once.
  const all = RE2JS.compile(patterns.map(pattern => `(?:${pattern})`).join('|'))
  return line => all.test(line)
}

/** What is wrong with a pattern; undefined if the farm can use it. */
export function patternProblem(pattern: string): string | undefined {
  try {
    const compiled = RE2JS.compile(pattern)
    if (compiled.programSize() > programSizeMax) return 'it is too large'
    return compiled.test('') ? 'it matches an empty line, so it would match every line' : undefined
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, '')
  }
}

import { RE2JS } from 're2js'

/** The patterns of `errors:` or `ignore:`. */
export interface LineMatcher {
  /** Whether a prepared line matches one of the patterns. */
  matches(line: string): boolean
  /** Whether a line of this text can match one of the patterns. The text is a run of whole lines, as the log has them. */
  mayMatch(lines: string): boolean
}

/** A pattern with large counts, such as (a{99}){99}, would need much memory and time for each line. */
const programSizeMax = 2000

const none: LineMatcher = { matches: () => false, mayMatch: () => false }
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
  const made = valid.length === 0 ? none : matcherOf(valid)
  matchers.set(key, made)
  return made
}

// Prepared lines differ from these lines.
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals use these characters
const unclean = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/
// These match at the begin and the end of a text, and not of each line.
const wholeText = /\\[Az]|\(\?[a-zA-Z]{0,9}-?[a-zA-Z]{0,9}m/

function matcherOf(patterns: readonly string[]): LineMatcher {
  // One automaton for all patterns reads the text once. A search in many lines is faster than a search in each line.
  const any = patterns.map(pattern => `(?:${pattern})`).join('|')
  const inLine = RE2JS.compile(any)
  const inLines = RE2JS.compile(any, RE2JS.MULTILINE)
  const always = wholeText.test(any)
  return {
    matches: line => inLine.test(line),
    mayMatch: lines => always || unclean.test(lines) || inLines.test(lines),
  }
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

import { filterTexts, groupOf, harmlessPattern, type RuleGroup, type RuleName, rulePatterns } from './patterns.rule.ts'

/** `errors`: a pattern of the recipe. The others: patterns.rule.ts. */
export type CandidateRule = RuleName | 'errors'

/** A line that reports an error, a failed test, a consequence of an error, or a trouble of the host. */
export interface Candidate {
  /** The number of the line in the log, from 1. */
  line: number
  text: string
  rule: CandidateRule
  group: RuleGroup
  /** The source file that the line names. */
  file?: string | undefined
  /** Whether the line names a trouble of the host, such as a full disk. */
  environment: boolean
}

const filter = new RegExp(filterTexts.map(text => text.replaceAll('*', '\\*')).join('|'))
const causes = rulesOf('C').filter(rule => rule !== 'C19')
const tests = rulesOf('T')
const consequences = rulesOf('K')
const environments = rulesOf('A')
const rulesWithFile: readonly string[] = ['C1', 'C2', 'C2b', 'C3', 'C4', 'C9', 'C19'] satisfies RuleName[]
// Automake prints `ERROR: name.sh` for a test that it could not run. Other programs print a sentence after `ERROR: `.
const testWithError = /^ERROR: \S{1,300}(?: \(exit status: \d{1,3}\)| - .{1,300})?$/

function rulesOf(group: RuleGroup): RuleName[] {
  return (Object.keys(rulePatterns) as RuleName[]).filter(rule => groupOf(rule) === group)
}

/** The first rule that a prepared line matches; undefined if it matches none. */
export function classify(line: number, text: string): Candidate | undefined {
  if (!filter.test(withoutOptions(text))) return undefined
  const rule = firstRule(text)
  return rule && candidateOf(line, text, rule)
}

/** A compiler's options contain the word "error" too, and a build can print its options in every line. */
const withoutOptions = (text: string): string =>
  text.includes('-W') ? text.replaceAll(/-W(?:no-)?error\b/g, '') : text

function firstRule(text: string): RuleName | undefined {
  if (harmlessPattern.test(text)) return undefined
  if (testWithError.test(text)) return 'T5'
  for (const rules of [causes, tests, consequences, environments]) {
    const found = rules.find(rule => rulePatterns[rule].test(text))
    if (found) return found
  }
  return undefined
}

/** Rule C19 for a prepared line: a position in a source file, without the word "error". */
export const classifyPosition = (line: number, text: string): Candidate | undefined =>
  rulePatterns.C19.test(text) ? candidateOf(line, text, 'C19') : undefined

/** A candidate for a prepared line that matches this rule. */
export function candidateOf(line: number, text: string, rule: CandidateRule): Candidate {
  const file = rule !== 'errors' && rulesWithFile.includes(rule) ? rulePatterns[rule].exec(text)?.[1] : undefined
  return {
    line,
    text,
    rule,
    group: rule === 'errors' ? 'C' : groupOf(rule),
    file,
    environment: environments.some(name => rulePatterns[name].test(text)),
  }
}

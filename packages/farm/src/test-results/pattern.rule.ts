import { RE2JS, RE2JSException } from 're2js'
import { oneLine } from './clean.rule.ts'
import type { ResultLimits } from './limits.rule.ts'
import { lineSplitter } from './lines.rule.ts'
import { isBad, type Outcome, outcomeOfWord } from './outcome.rule.ts'
import type { ReportedTest, ResultParser, ResultSink } from './reported-test.rule.ts'

/** The pattern of a recipe, and what the words of its group `result` mean. */
export interface LogPattern {
  pattern: string
  passed?: readonly string[] | undefined
  failed?: readonly string[] | undefined
  skipped?: readonly string[] | undefined
}

export const patternGroups = ['name', 'result', 'suite', 'message', 'seconds', 'file', 'line'] as const
const programSizeMax = 2000

/**
 * Why the farm cannot use a pattern of a recipe; undefined if it can. Matching takes time in proportion to the text, with
 * every pattern, because RE2 has neither look-around nor back references.
 */
export function patternProblem(pattern: string): string | undefined {
  try {
    const compiled = RE2JS.compile(pattern)
    const groups = Object.keys(compiled.namedGroups())
    const unknown = groups.find(group => !(patternGroups as readonly string[]).includes(group))
    if (unknown !== undefined) return `a group named ${unknown}`
    if (!groups.includes('name')) return 'no group (?<name>…)'
    if (compiled.programSize() > programSizeMax) return 'a pattern that is too large'
    return undefined
  } catch (error) {
    if (error instanceof RE2JSException) return `a pattern that RE2 refuses: ${oneLine(error.message)}`
    throw error
  }
}

interface Open {
  test: Omit<ReportedTest, 'outcome'>
  lines: string[]
  length: number
}

/**
 * Reads tests from the lines of a log. A line may name a test and its result, or only a test whose result is on a later
 * line. In the second case, the lines between are the output of the test.
 */
export function patternParser(sink: ResultSink, limits: ResultLimits, { pattern, ...words }: LogPattern): ResultParser {
  const compiled = RE2JS.compile(pattern)
  const groups = Object.keys(compiled.namedGroups())
  const meaning = meanings(words)
  let open: Open | undefined
  let more = true

  function read(line: string): boolean {
    const matcher = compiled.matcher(line)
    const found = matcher.find() ? valuesOf(groups, group => matcher.group(group)) : {}
    if (found.name !== undefined) {
      noResult()
      open = opened(found.name, found, line)
    } else keep(line)
    if (open && found.result !== undefined) close(open, found.result, line)
    return more
  }

  function keep(line: string) {
    if (!open || open.length >= limits.excerptMax) return
    open.lines.push(line)
    open.length += line.length + 1
  }

  function close({ test, lines }: Open, word: string, line: string) {
    const outcome = meaning(word)
    if (outcome === undefined) sink.notice(`the word ${JSON.stringify(word.slice(0, 50))} is no known result`)
    finish(test, outcome ?? 'errored', lines, line)
  }

  function finish(test: Open['test'], outcome: Outcome, lines: string[], last: string) {
    open = undefined
    const bad = isBad(outcome)
    const output = lines.slice(1, -1).findLast(text => text.trim() !== '')
    const message = test.message ?? (bad ? oneLine(output ?? last) : undefined)
    more = sink.add({ ...test, outcome, message, excerpt: bad ? lines.join('\n') : undefined })
  }

  function noResult() {
    if (!open) return
    const { test, lines } = open
    finish({ ...test, message: 'the log has no result of this test' }, 'errored', lines, '')
  }

  const splitter = lineSplitter(limits.attributeMax, read, () =>
    sink.notice('a line of the log is too long; the farm cuts it'),
  )
  return {
    write: text => splitter.write(text),
    end() {
      splitter.end()
      if (more) noResult()
    },
  }
}

function opened(name: string, found: Values, line: string): Open {
  const seconds = Number(found.seconds)
  return {
    test: {
      suite: found.suite === undefined ? [] : [found.suite],
      name,
      durationMs: Number.isFinite(seconds) && seconds < 2_000_000 ? Math.round(seconds * 1000) : undefined,
      message: found.message,
      file: found.file,
      line: found.line !== undefined && /^\d{1,9}$/.test(found.line) ? Number(found.line) : undefined,
    },
    lines: [line],
    length: line.length,
  }
}

type Values = Partial<Record<(typeof patternGroups)[number], string>>

const valuesOf = (groups: readonly string[], group: (name: string) => string | null): Values =>
  Object.fromEntries(
    groups.flatMap(name => {
      const value = group(name)?.trim()
      return value ? [[name, value]] : []
    }),
  )

function meanings({ passed = [], failed = [], skipped = [] }: Omit<LogPattern, 'pattern'>) {
  const own = new Map<string, Outcome>([
    ...passed.map(word => [word, 'passed'] as const),
    ...failed.map(word => [word, 'failed'] as const),
    ...skipped.map(word => [word, 'skipped'] as const),
  ])
  return (word: string): Outcome | undefined => own.get(word) ?? outcomeOfWord(word)
}

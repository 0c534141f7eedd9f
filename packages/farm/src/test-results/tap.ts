import { Parser, type Result } from 'tap-parser'
import { shortText } from './clean.rule.ts'
import type { ResultLimits } from './limits.rule.ts'
import { lineSplitter } from './lines.rule.ts'
import type { Outcome } from './outcome.rule.ts'
import { isBad } from './outcome.rule.ts'
import type { ReportedTest, ResultParser, ResultSink } from './reported-test.rule.ts'

/**
 * Reads TAP 12, 13 and 14 as a stream. The blocks of YAML below a test point are kept as text: they may contain TAP, or
 * anything else.
 */
export function tapParser(sink: ResultSink, limits: ResultLimits, suite: readonly string[] = []): ResultParser {
  const blocks = yamlBlocks(limits)
  const parser = new Parser()
  let open = true
  const root = level(parser, {
    blocks,
    limits,
    sink,
    deliver(test) {
      open = open && sink.add({ ...test, suite: [...suite, ...test.suite] })
    },
  })
  const splitter = lineSplitter(
    limits.attributeMax,
    line => {
      if (leadingBlanks(line) > limits.depthMax * 4) {
        sink.notice(`subtests are nested more than ${limits.depthMax} deep; the farm skips the inner ones`)
        return open
      }
      for (const text of blocks.feed(line)) parser.write(`${text}\n`)
      return open
    },
    () => sink.notice(`a line has more than ${limits.attributeMax} characters; the farm cuts it`),
  )
  return {
    write: text => splitter.write(text),
    end() {
      if (open) splitter.end()
      if (open) parser.end()
      root.finish(open)
    },
  }
}

interface Level {
  blocks: ReturnType<typeof yamlBlocks>
  limits: ResultLimits
  sink: ResultSink
  deliver(test: ReportedTest): void
}

/** Listens to the test points of one level. The results of a subtest wait for its name, which may come after it. */
function level(parser: Parser, { blocks, limits, sink, deliver }: Level) {
  const subtests = new WeakMap<Result, boolean>()
  let held: ReportedTest | undefined
  let count = 0
  let bad = false
  const release = () => {
    if (held) deliver(held)
    held = undefined
  }
  parser.on('assert', (result: Result) => {
    release()
    count++
    const test = testOf(result, count, blocks.textOf(result), limits)
    if (isBad(test.outcome)) bad = true
    const innerFailed = subtests.get(result)
    // The test point after a subtest repeats its outcome. It counts only if it fails although nothing inside fails.
    if (innerFailed === undefined || (isBad(test.outcome) && !innerFailed)) held = test
  })
  parser.on('comment', (text: string) => {
    if (held && isBad(held.outcome)) held.excerpt = appended(held.excerpt, text, limits.excerptMax)
  })
  parser.on('bailout', (reason: string) => {
    if (parser.level === 0) sink.incomplete(`Bail out!${reason ? ` ${shortText(reason, 200)}` : ''}`)
  })
  parser.on('child', (child: Parser) => {
    const results: ReportedTest[] = []
    const inner = level(child, { blocks, limits, sink, deliver: test => void results.push(test) })
    child.on('complete', () => {
      inner.finish(true)
      const name = child.closingTestPoint?.name || child.name || 'subtest'
      const closing = child.closingTestPoint
      if (closing && results.length > 0) subtests.set(closing, inner.failed())
      release()
      for (const test of results) deliver({ ...test, suite: [name, ...test.suite] })
    })
  })
  parser.on('complete', results => {
    release()
    const problem = planProblem(parser, count)
    if (problem !== undefined) sink.incomplete(parser.level === 0 ? problem : `subtest ${parser.name}: ${problem}`)
    else if (parser.level === 0 && count === 0 && results.plan.skipAll)
      deliver({ suite: [], name: '(whole file)', outcome: 'skipped', message: results.plan.skipReason || undefined })
  })
  return {
    failed: () => bad,
    finish(complete: boolean) {
      if (complete) release()
    },
  }
}

/** What is wrong with the plan. Without a plan, nobody knows whether all tests ran. */
function planProblem(parser: Parser, count: number): string | undefined {
  if (parser.bailedOut) return undefined
  if (parser.planStart === -1 || parser.syntheticPlan) return count === 0 ? 'no tests and no plan' : 'no plan'
  const planned = parser.planEnd === 0 ? 0 : parser.planEnd - parser.planStart + 1
  return planned === count
    ? undefined
    : `the plan is ${parser.planStart}..${parser.planEnd}, but ${count} tests reported`
}

function testOf(result: Result, count: number, yaml: string | undefined, limits: ResultLimits): ReportedTest {
  const outcome = outcomeOf(result)
  const bad = isBad(outcome)
  const reason =
    typeof result.todo === 'string' ? result.todo : typeof result.skip === 'string' ? result.skip : undefined
  return {
    suite: [],
    name: result.name || `test ${result.id || count}`,
    outcome,
    durationMs: durationOf(result.time ?? numberIn(yaml, 'duration_ms')),
    message: (bad ? lineIn(yaml, 'message') : undefined) ?? reason,
    excerpt: bad && yaml !== undefined ? yaml.slice(0, limits.excerptMax) : undefined,
    file: bad ? lineIn(yaml, 'file') : undefined,
    line: bad ? numberIn(yaml, 'line') : undefined,
  }
}

function outcomeOf({ ok, skip, todo }: Result): Outcome {
  if (todo) return ok ? 'unexpected-pass' : 'expected-failure'
  if (skip) return 'skipped'
  return ok ? 'passed' : 'failed'
}

const durationOf = (ms: number | undefined): number | undefined =>
  ms !== undefined && ms >= 0 && ms <= 2_000_000_000 ? Math.round(ms) : undefined

const lineIn = (yaml: string | undefined, key: string): string | undefined => {
  const value = yaml && new RegExp(`^ *${key}: *["']?([^\\n"'|>][^\\n]{0,4000}?)["']?$`, 'm').exec(yaml)?.[1]
  return value || undefined
}

const numberIn = (yaml: string | undefined, key: string): number | undefined => {
  const value = yaml && new RegExp(`^ *${key}: *(\\d{1,9}(?:\\.\\d{1,20})?)$`, 'm').exec(yaml)?.[1]
  return value === undefined || value === '' ? undefined : Math.round(Number(value))
}

const appended = (text: string | undefined, more: string, max: number): string =>
  text === undefined ? more.slice(0, max) : text + more.slice(0, Math.max(0, max - text.length))

const leadingBlanks = (line: string): number => line.length - line.trimStart().length

/**
 * Takes the blocks of YAML out of the lines. tap-parser would hand them to a parser of YAML, whole. It gets a block that
 * holds only the number of the text.
 */
function yamlBlocks(limits: ResultLimits) {
  const texts = new Map<number, string>()
  let number = 0
  let block: { indent: string; text: string } | undefined
  const close = (indent: string, text: string) => {
    texts.clear() // a block belongs to the newest test point
    texts.set(++number, text)
    return [`${indent}---`, `${indent}text: ${number}`, `${indent}...`]
  }
  return {
    /** The lines that tap-parser gets instead of this line. */
    feed(line: string): string[] {
      if (block) {
        if (line === `${block.indent}...`) {
          const { indent, text } = block
          block = undefined
          return close(indent, text)
        }
        if (line.startsWith(block.indent) || line.trim() === '') {
          block.text = appended(block.text, `${line.slice(block.indent.length)}\n`, limits.excerptMax)
          return []
        }
        block = undefined // the block has no end
      }
      const indent = /^([ \t]+)---$/.exec(line)?.[1]
      if (indent === undefined) return [line]
      block = { indent, text: '' }
      return []
    },
    textOf(result: Result): string | undefined {
      const { text } = (result.diag ?? {}) as { text?: unknown }
      return typeof text === 'number' ? texts.get(text) : undefined
    },
  }
}

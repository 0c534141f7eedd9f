import { cut } from '@rumpfarm/contracts'
import { oneLine } from './clean.rule.ts'
import type { Outcome } from './outcome.rule.ts'
import type { ReportedTest } from './reported-test.rule.ts'

/** An element of JUnit XML inside a test case that says how the test ended. */
export interface JunitChild {
  kind: string
  message: string
  type: string
  text: string
}

/** A test case of JUnit XML, as it is in the file. */
export interface JunitCase {
  suites: readonly string[]
  className: string
  name: string
  attributes: Readonly<Record<string, string>>
  children: JunitChild[]
  output: string
  errors: string
}

export const failureKinds = [
  'failure',
  'error',
  'skipped',
  'flakyFailure',
  'flakyError',
  'rerunFailure',
  'rerunError',
] as const

/** What a test case of JUnit XML says, with the habits of the programs that write such files. */
export function readCase(found: JunitCase): ReportedTest {
  const { children, attributes } = found
  const outcome = outcomeOf(found)
  const child = decisive(children)
  const reruns = children.filter(({ kind }) => /^(?:flaky|rerun)/.test(kind)).length
  const bad = outcome === 'failed' || outcome === 'errored'
  const text = child?.text || (bad ? found.errors || found.output : '')
  return {
    suite: suitePath(found),
    name: found.name,
    outcome,
    // Surefire: a passed test has one flakyFailure for each failed try; a failed test has one rerunFailure for each
    // try after the first.
    ...(reruns > 0 ? { tries: reruns + 1 } : {}),
    durationMs: millisecondsOf(attributes.time),
    message: child ? messageOf(child) : kyuaReason(found),
    excerpt: text.trim() === '' ? undefined : text,
    file: attributes.file || attributes.filename || undefined,
    line: lineOf(attributes.line ?? attributes.lineno),
  }
}

function outcomeOf({ children, attributes, errors }: JunitCase): Outcome {
  const has = (kind: string) => children.some(child => child.kind === kind)
  if (has('failure')) return 'failed'
  if (has('error')) return 'errored'
  const skipped = children.find(({ kind }) => kind === 'skipped')
  if (skipped) return skipped.type === 'pytest.xfail' ? 'expected-failure' : 'skipped'
  // GoogleTest writes result="skipped" together with status="run", and status="notrun" for a disabled test.
  const words = [attributes.result, attributes.status].map(word => word?.toLowerCase())
  if (words.some(word => word !== undefined && skippedWords.includes(word))) return 'skipped'
  if (words.some(word => word === 'failed' || word === 'fail')) return 'failed'
  // kyua has no element for an expected failure.
  return errors.startsWith(kyuaExpected) ? 'expected-failure' : 'passed'
}

const skippedWords = ['skipped', 'notrun', 'suppressed', 'disabled', 'ignored']
const kyuaExpected = 'Expected failure result details'

const decisive = (children: readonly JunitChild[]): JunitChild | undefined =>
  children.find(({ kind }) => kind === 'failure') ??
  children.find(({ kind }) => kind === 'error') ??
  children.find(({ kind }) => kind === 'skipped') ??
  children[0]

const messageOf = ({ message, type, text }: JunitChild): string | undefined =>
  message.trim() || firstLine(text) || type.trim() || undefined

function kyuaReason({ errors }: JunitCase): string | undefined {
  if (!errors.startsWith(kyuaExpected)) return undefined
  return firstLine(errors.slice(kyuaExpected.length).replace(/^[\s-]+/, ''))
}

const firstLine = (text: string): string | undefined => /\S.*/.exec(cut(text, 10_000))?.[0].trim()

/**
 * The suites around the case, and then its class. Surefire and GoogleTest repeat the suite in the class, so a class that
 * begins with the suite's name replaces it.
 */
function suitePath({ suites, className }: JunitCase): string[] {
  const path = suites.filter(suite => suite.trim() !== '')
  if (className.trim() === '') return path
  const last = path.at(-1)
  if (last !== undefined && (className === last || className.startsWith(`${last}.`))) path.pop()
  return [...path, className]
}

/** Seconds with a decimal point. Some programs write commas between thousands. */
function millisecondsOf(time: string | undefined): number | undefined {
  const plain = (time ?? '').trim().replaceAll(',', '')
  if (!/^\d{1,9}(?:\.\d{1,20})?(?:e-?\d{1,2})?$/i.test(plain)) return undefined
  const milliseconds = Math.round(Number(plain) * 1000)
  return milliseconds <= 2_000_000_000 ? milliseconds : undefined
}

const lineOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined

/** pytest writes a second case if the clean-up after a test fails too: it is the same test. */
export const isTeardown = ({ children }: JunitCase): boolean =>
  children.some(({ kind, message }) => kind === 'error' && /^(?:failed on|error at) teardown\b/i.test(message.trim()))

/** The name of the test of Go of which this test is a subtest; undefined for other names. */
export const goParent = (name: string): string | undefined =>
  /^(?:Test|Benchmark|Fuzz|Example)[^/\s]*\/./.test(name) ? name.slice(0, name.lastIndexOf('/')) : undefined

/** go-junit-report gives the text of a panic to the test that ran last, which need not be the test that panicked. */
export const isGoPanic = ({ children }: JunitCase): boolean =>
  children.some(({ text, message }) => /^panic: /m.test(cut(text, 100_000)) || message.startsWith('panic: '))

export const sameCase = (one: JunitCase, other: JunitCase): boolean =>
  one.name === other.name &&
  one.className === other.className &&
  oneLine(one.suites.join('\n')) === oneLine(other.suites.join('\n'))

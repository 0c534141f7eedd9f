import sax from 'sax'
import { cleanText, xmlCleaner } from './clean.rule.ts'
import { failureKinds, goParent, isGoPanic, isTeardown, type JunitCase, readCase, sameCase } from './junit-case.rule.ts'
import type { ResultLimits } from './limits.rule.ts'
import { isBad } from './outcome.rule.ts'
import type { ReportedTest, ResultParser, ResultSink } from './reported-test.rule.ts'

interface OpenSuite {
  name: string
  /** The failures and errors that the suite counts itself. */
  declared: number
  cases: number
}

/**
 * Reads JUnit XML as a stream. It is strict about XML, refuses a DOCTYPE, knows only XML's own five entities, and keeps
 * what it has read when a limit or a mistake in the file stops it.
 */
export function junitParser(sink: ResultSink, limits: ResultLimits): ResultParser {
  // sax splits a text longer than its buffer into several events, and refuses a longer name or attribute.
  Object.assign(sax, { MAX_BUFFER_LENGTH: limits.textMax })
  const parser = sax.parser(true, { strictEntities: true, position: true } as sax.SAXOptions)
  const reader = caseReader(sink, limits, (why, refused) => stop(why, refused))
  const cleaner = xmlCleaner()
  let stopped = false

  function stop(why: string | undefined, refused = false) {
    if (stopped) return
    stopped = true
    if (why !== undefined) sink.incomplete(refused ? `refused: ${why}` : `line ${parser.line + 1}: ${why}`)
  }
  parser.onerror = error => {
    parser.error = null as unknown as Error // sax would throw the error again at the next write
    stop(`not well-formed XML: ${error.message.split('\n')[0]}`)
  }
  parser.ondoctype = () => stop('the file has a DOCTYPE', true)
  parser.onopentag = tag => void (stopped || reader.open(tag.name, tag.attributes as Record<string, string>))
  parser.onclosetag = name => void (stopped || reader.close(name))
  parser.ontext = text => void (stopped || reader.text(text))
  parser.oncdata = parser.ontext
  return {
    write(text) {
      // A declaration of a document type can be longer than the buffer, so it is looked for also before it is complete.
      if (!stopped) parser.write(cleaner.write(text))
      if (!stopped && typeof parserState(parser).doctype === 'string' && parserState(parser).doctype !== '')
        stop('the file has a DOCTYPE', true)
      return !stopped
    },
    end() {
      if (!stopped) parser.write(cleaner.end()).close()
      reader.end()
      if (!stopped && !reader.sawRoot()) sink.incomplete('refused: no element testsuites or testsuite')
    },
  }
}

const parserState = (parser: sax.SAXParser) => parser as unknown as { doctype: unknown }

function caseReader(sink: ResultSink, limits: ResultLimits, stop: (why?: string, refused?: boolean) => void) {
  const elements: string[] = []
  const suites: OpenSuite[] = []
  let root = false
  let current: JunitCase | undefined
  let held: JunitCase | undefined
  /** The text of the innermost element that is read. */
  let reading: { add(text: string): void; length: number } | undefined
  const groups = goGroups(sink)

  const shorten = (what: string, value: string): string => {
    if (value.length <= limits.attributeMax) return value
    sink.notice(`an attribute ${what} has ${value.length} characters; the farm keeps the first ${limits.attributeMax}`)
    return value.slice(0, limits.attributeMax)
  }
  const attribute = (attributes: Record<string, string>, name: string): string =>
    Object.hasOwn(attributes, name) ? shorten(name, String(attributes[name])) : ''

  function release() {
    if (!held) return
    if (isGoPanic(held)) sink.incomplete('a panic ended the tests; the report may name the wrong test')
    if (!groups.add(readCase(held))) stop()
    held = undefined
  }

  function openCase(attributes: Record<string, string>) {
    for (const suite of suites) suite.cases++
    const wanted = ['time', 'file', 'filename', 'line', 'lineno', 'status', 'result']
    current = {
      suites: suites.map(({ name }) => name),
      className: attribute(attributes, 'classname'),
      name: attribute(attributes, 'name'),
      attributes: Object.fromEntries(
        wanted.filter(name => Object.hasOwn(attributes, name)).map(name => [name, attribute(attributes, name)]),
      ),
      children: [],
      output: '',
      errors: '',
    }
  }

  function openChild(kind: string, attributes: Record<string, string>) {
    const child = { kind, message: attribute(attributes, 'message'), type: attribute(attributes, 'type'), text: '' }
    // The reruns of a test can repeat its output a hundred times; the first texts say enough.
    if (current && current.children.length < 100) current.children.push(child)
    collect(text => {
      child.text += text
    })
  }

  function collect(keep: (text: string) => void) {
    let kept = 0
    reading = {
      length: 0,
      add(text) {
        if (kept >= limits.excerptMax) return
        const piece = text.slice(0, limits.excerptMax - kept)
        kept += piece.length
        keep(piece)
      },
    }
  }

  function closeCase() {
    if (!current) return
    if (held && isTeardown(current) && sameCase(held, current)) held.children.push(...current.children)
    else {
      release()
      held = current
    }
    current = undefined
  }

  function closeSuite() {
    const suite = suites.pop()
    if (suite && suite.cases === 0 && suite.declared > 0)
      sink.incomplete(`the suite ${quoted(suite.name)} counts ${suite.declared} failures, but lists no test`)
  }

  return {
    open(name: string, attributes: Record<string, string>) {
      elements.push(name)
      if (!root) {
        root = name === 'testsuites' || name === 'testsuite'
        if (!root) return stop(`the root element is ${quoted(name)}, and not testsuites or testsuite`, true)
      }
      if (elements.length > limits.depthMax) return stop(`elements are nested more than ${limits.depthMax} deep`)
      if (name === 'testsuite') {
        const declared = [attributes.failures, attributes.errors].map(count => Number(count) || 0)
        suites.push({
          name: attribute(attributes, 'name'),
          declared: (declared[0] ?? 0) + (declared[1] ?? 0),
          cases: 0,
        })
      } else if (name === 'testcase') openCase(attributes)
      else if (current && (failureKinds as readonly string[]).includes(name)) openChild(name, attributes)
      else if (current && name === 'system-out' && elements.at(-2) === 'testcase')
        collect(text => {
          if (current) current.output += text
        })
      else if (current && name === 'system-err' && elements.at(-2) === 'testcase')
        collect(text => {
          if (current) current.errors += text
        })
    },
    text(text: string) {
      if (!reading) return
      const before = reading.length
      reading.length += text.length
      if (before <= limits.textMax && reading.length > limits.textMax)
        sink.notice(`a text has more than ${limits.textMax} characters; the farm keeps the first ${limits.excerptMax}`)
      reading.add(text)
    },
    close(name: string) {
      elements.pop()
      reading = undefined
      if (name === 'testcase') closeCase()
      else if (name === 'testsuite') closeSuite()
    },
    end() {
      release()
      groups.end()
    },
    sawRoot: () => root,
  }
}

/**
 * A test of Go with subtests repeats their outcome, so only the subtests count. The parent counts if it fails although
 * no subtest fails.
 */
function goGroups(sink: ResultSink) {
  const parents = new Map<string, { failed: boolean; subtests: number }>()
  const waiting: ReportedTest[] = []
  return {
    add(test: ReportedTest): boolean {
      const suite = test.suite.join('\n')
      if (/^(?:Test|Benchmark|Fuzz|Example)\S*$/.test(test.name)) {
        // The parent can be before its subtests or after them, so all tests of Go wait for the end of the file.
        const key = `${suite}\n${test.name}`
        if (!parents.has(key)) parents.set(key, { failed: false, subtests: 0 })
        waiting.push(test)
        return true
      }
      return sink.add(test)
    },
    end() {
      for (const test of waiting) {
        const parent = goParent(test.name)
        const known = parent === undefined ? undefined : parents.get(`${test.suite.join('\n')}\n${parent}`)
        if (!known) continue
        known.subtests++
        known.failed ||= isBad(test.outcome)
      }
      for (const test of waiting) {
        const own = parents.get(`${test.suite.join('\n')}\n${test.name}`)
        const repeats = own !== undefined && own.subtests > 0 && (!isBad(test.outcome) || own.failed)
        if (!repeats && !sink.add(test)) return
      }
    },
  }
}

const quoted = (text: string): string => `"${cleanText(text).slice(0, 100)}"`

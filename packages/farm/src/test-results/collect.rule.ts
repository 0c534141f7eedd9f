import { oneLine, shortText } from './clean.rule.ts'
import { type Identity, identityOf, numbered, type OwnStrings } from './identity.rule.ts'
import type { ResultLimits } from './limits.rule.ts'
import { type Counts, noCounts, type Outcome } from './outcome.rule.ts'
import type { ReportedTest, ResultSink } from './reported-test.rule.ts'

/** A test of an attempt, ready to be stored. */
export interface ParsedTest extends Identity {
  /** The position in `runs` of the file that reports the test. */
  run: number
  outcome: Outcome
  tries: number
  durationMs: number | null
  message: string | null
  excerpt: string | null
  file: string | null
  line: number | null
}

/** What one file, or the log of one step, reports. */
export interface ParsedRun {
  /** The path of the file, or `log of STEP`. */
  file: string
  format: 'junit' | 'tap' | 'pattern'
  /** False if the file does not hold all results of its test program. */
  complete: boolean
  counts: Counts
  /** What the farm left out or did not understand; one on each line. Null if there is nothing to say. */
  notice: string | null
}

export interface ParsedResults {
  runs: ParsedRun[]
  tests: ParsedTest[]
  /** Notices about the attempt as a whole. */
  notices: string[]
}

/** Collects the tests of all files of one attempt, and gives each an identity. */
export function collector(own: OwnStrings, limits: ResultLimits) {
  const runs: ParsedRun[] = []
  const tests: ParsedTest[] = []
  const notices: string[] = []
  const seen = new Map<string, number>()
  let left = 0

  function identify(test: ReportedTest, twice: () => void): Identity {
    const identity = identityOf(test.suite, test.name, own, limits.nameMax)
    const count = (seen.get(identity.key) ?? 0) + 1
    seen.set(identity.key, count)
    if (count === 1) return identity
    twice()
    return numbered(identity, count)
  }

  return {
    /** The tests of one file. Call `done` at the end of the file. */
    run(file: string, format: ParsedRun['format']) {
      const index = runs.length
      const counts = noCounts()
      const texts = noticeList(limits.noticesMax)
      let complete = true
      let twice = 0
      const sink: ResultSink = {
        add(test) {
          if (tests.length >= limits.resultsMax) {
            left++
            return false
          }
          tests.push(
            storedTest(
              test,
              identify(test, () => twice++),
              index,
              limits,
            ),
          )
          counts[test.outcome]++
          return true
        },
        notice: texts.add,
        incomplete(text) {
          complete = false
          texts.add(text)
        },
      }
      return {
        sink,
        done() {
          if (twice > 0) texts.add(`${twice} tests have the name of an earlier test; the farm numbers them: #2, #3 …`)
          if (left > 0) complete = false
          runs.push({ file, format, complete, counts, notice: texts.text() })
        },
      }
    },
    notice: (text: string) => void notices.push(text),
    results(): ParsedResults {
      const cut =
        left > 0 ? [`there are more tests; the farm kept the first ${limits.resultsMax.toLocaleString('en')}`] : []
      return { runs, tests, notices: [...cut, ...notices] }
    },
  }
}

function noticeList(max: number) {
  const texts: string[] = []
  let more = 0
  return {
    add(text: string) {
      if (texts.includes(text)) return
      if (texts.length < max) texts.push(shortText(text, 500))
      else more++
    },
    text: () => [...texts, ...(more > 0 ? [`${more} more notices`] : [])].join('\n') || null,
  }
}

function storedTest(test: ReportedTest, identity: Identity, run: number, limits: ResultLimits): ParsedTest {
  const { outcome, tries = 1, durationMs = null, message, excerpt, file, line = null } = test
  return {
    ...identity,
    run,
    outcome,
    tries: Math.min(tries, 1000),
    durationMs,
    message: message === undefined ? null : shortText(message.trim(), limits.messageMax) || null,
    excerpt: excerpt === undefined ? null : shortText(excerpt, limits.excerptMax) || null,
    file: file === undefined ? null : shortText(oneLine(file), limits.nameMax) || null,
    line,
  }
}

import type { Outcome } from './outcome.rule.ts'

/** A test as a file or a log reports it, before the farm has given it an identity. */
export interface ReportedTest {
  /** The names of the suites around the test, outermost first. */
  suite: readonly string[]
  name: string
  outcome: Outcome
  /** How many times the runner itself ran the test. The outcome is that of the last try. */
  tries?: number
  durationMs?: number | undefined
  /** The reason in one line, or a few. */
  message?: string | undefined
  /** The output of the test. */
  excerpt?: string | undefined
  file?: string | undefined
  line?: number | undefined
}

/** What a parser reports to. */
export interface ResultSink {
  /** False if the limit of results is reached: the parser can stop. */
  add(test: ReportedTest): boolean
  /** Tells people about something that the parser changed, left out or did not understand. */
  notice(text: string): void
  /** The file does not hold all results of its test program, for example because the program crashed. */
  incomplete(text: string): void
}

/** Reads a text piece by piece. `write` returns false when further text has no effect. */
export interface ResultParser {
  write(text: string): boolean
  end(): void
}

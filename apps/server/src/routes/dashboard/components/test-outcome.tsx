import type { Outcome, TestChange, TestCounts, TestName } from '@rumpfarm/farm'
import { segment } from './escape.ts'
import { Link } from './links.tsx'
import { counted, type Status } from './status.ts'

/** For each outcome, the class with its sign and colour, and its word. */
const looks: Record<Outcome, { status: Status; word: string }> = {
  passed: { status: 'passed', word: 'passed' },
  failed: { status: 'failed', word: 'failed' },
  errored: { status: 'broken', word: 'error' },
  skipped: { status: 'never-ran', word: 'skipped' },
  'expected-failure': { status: 'known-failure', word: 'expected failure' },
  'unexpected-pass': { status: 'known-failure', word: 'unexpected pass' },
}

export const outcomeWord = (outcome: Outcome): string => looks[outcome].word
export const outcomeClass = (outcome: Outcome): string => looks[outcome].status

export const OutcomeMark = ({ outcome }: { outcome: Outcome }) => (
  <span class={`mark ${outcomeClass(outcome)}`}>{outcomeWord(outcome)}</span>
)

export const changeWord: Record<TestChange, string> = {
  'newly-failing': 'newly failing',
  'failing-first': 'failing in its first run',
  'still-failing': 'still failing',
  flaky: 'flaky',
  fixed: 'fixed',
}

/** For example `9 tests: 8 passed, 1 failed`. */
export const countsText = (counts: TestCounts): string => {
  const parts = Object.entries(looks).flatMap(([outcome, { word }]) => {
    const count = counts[outcome as Outcome]
    return count === 0 ? [] : [`${count} ${count === 1 ? word : plural[word] || word}`]
  })
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return total === 0 ? 'no tests' : `${counted(total, 'test')}: ${parts.join(', ')}`
}

const plural: Record<string, string> = {
  error: 'errors',
  'expected failure': 'expected failures',
  'unexpected pass': 'unexpected passes',
}

/** The name of a test with its suite, as a link to its page. */
export const TestLink = ({ project, test }: { project: string; test: TestName }) => (
  <>
    <Link to={`/projects/${segment(project)}/tests/${test.id}`}>{test.name}</Link>
    {test.suite !== '' && (
      <>
        {' '}
        <small class="suite">{test.suite}</small>
      </>
    )}
  </>
)

/** Texts about files and limits, one on each line. */
export const Notices = ({ text }: { text: string | null }) =>
  text === null ? null : (
    <ul class="notices">
      {text.split('\n').map(line => (
        <li>{line}</li>
      ))}
    </ul>
  )

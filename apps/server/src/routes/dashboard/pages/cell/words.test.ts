import type { CellRecord } from '@rumpfarm/farm'
import { describe, expect, test } from 'vitest'
import { stateReason, stateWords, suspectWords } from './words.ts'

const at = new Date('2024-05-06T07:08:09Z')
const hoursAgo = (hours: number) => new Date(at.getTime() - hours * 3_600_000)
const milestone = (letter: string, hours: number) => ({
  buildId: 1,
  jobId: 1,
  commit: letter.repeat(40),
  at: hoursAgo(hours),
})

const record = (changes: Partial<CellRecord> = {}): CellRecord => ({
  jobId: 41,
  attempt: '41.1',
  state: 'newly-failing',
  fingerprint: null,
  message: null,
  flakiness: { flaky: false, results: 12, changes: 1 },
  expectedMs: null,
  testsMissing: false,
  buildId: 12,
  commit: 'a'.repeat(40),
  position: 2,
  verdict: 'failed',
  failedStep: 'build',
  finishedAt: hoursAgo(1),
  since: milestone('b', 2),
  changed: null,
  lastGood: milestone('c', 90),
  ...changes,
})

describe('the state of a cell in words', () => {
  test.each([
    [record({ state: 'newly-failing-unconfirmed' }), 'Newly failing since bbbbbbb, 2 h ago, unconfirmed'],
    [record({ state: 'newly-failing' }), 'Newly failing since bbbbbbb, 2 h ago'],
    [record({ state: 'still-failing' }), 'Still failing since bbbbbbb, 2 h ago'],
    [
      record({ state: 'failing-differently', changed: milestone('d', 1) }),
      'Failing since bbbbbbb, 2 h ago, differently since ddddddd, 1 h ago',
    ],
    [record({ state: 'failing', lastGood: null }), 'Failing since bbbbbbb, 2 h ago, and never passed'],
    [record({ state: 'passing', verdict: 'passed' }), 'Passing since bbbbbbb, 2 h ago'],
    [record({ state: 'fixed', verdict: 'passed' }), 'Fixed: passing again since bbbbbbb, 2 h ago'],
    [record({ state: 'flaky' }), 'Flaky: the newest run failed'],
    [record({ state: 'flaky', verdict: 'timed-out' }), 'Flaky: the newest run timed out'],
    [record({ state: 'flaky', verdict: 'passed' }), 'Flaky: the newest run passed'],
    [record({ state: 'unknown', verdict: 'lost' }), 'No result yet: the newest attempt is lost'],
  ])('%#: %o', (last, words) => {
    expect(stateWords({ last, planned: true }, at)).toBe(words)
    expect(stateReason(last)).toMatch(/\.$/)
  })

  test('a cell without attempts never ran', () => {
    expect(stateWords({ last: null, planned: true }, at)).toBe('Never ran')
    expect(stateWords({ last: null, planned: false }, at)).toBe('Never ran, and no job is planned')
  })

  test('the reason of a flaky cell has its numbers', () => {
    const last = record({ state: 'flaky', flakiness: { flaky: true, results: 12, changes: 4 } })
    expect(stateReason(last)).toMatch(/^The result changed 4 times in 12 runs/)
    expect(stateReason(record({ state: 'flaky' }))).toMatch(/^One commit passed and failed/)
  })
})

const commit = { commit: 'a'.repeat(40), author: 'Ada', subject: 'Change', committedAt: at }
const source = (count: number | null) => ({
  name: 'src',
  repository: '/srv/src',
  before: 'b'.repeat(40),
  after: 'a'.repeat(40),
  commits: Array.from({ length: count ?? 0 }, () => commit),
  total: count,
})

test.each([
  { sources: [], commits: 0, words: 'No source changed since the last good run' },
  { sources: [source(7)], commits: 7, words: 'One of 7 commits' },
  { sources: [source(1), source(1)], commits: 2, words: 'One of 2 commits' },
  { sources: [source(1)], commits: 1, words: 'aaaaaaa by Ada is the only new commit' },
  { sources: [source(null)], commits: null, words: 'One of several commits: the farm does not know all of them' },
])('$commits commits in the range: $words', ({ words, ...range }) => expect(suspectWords(range)).toBe(words))

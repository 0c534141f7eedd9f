import { expect, test } from 'vitest'
import {
  bundleTitle,
  countsWords,
  excerptLines,
  failingTitle,
  fixedTitle,
  type NamedHost,
  type ProblemFacts,
  rangeLines,
} from './message.rule.ts'

const host = (name: string, os: string, ...arches: string[]): NamedHost => ({ name, os, arches })
const openbsd = [host('a', 'OpenBSD', 'amd64'), host('b', 'OpenBSD', 'sparc64'), host('c', 'OpenBSD', 'arm')]
const linux = [
  host('d', 'Linux', 'amd64'),
  host('e', 'Linux', 'amd64'),
  host('f', 'Linux', 'ppc'),
  host('g', 'Linux', 'sh4'),
]

const facts = (failing: NamedHost[], all: NamedHost[], changes: Partial<ProblemFacts> = {}): ProblemFacts => ({
  project: 'buildrump',
  branch: 'main',
  step: 'build',
  verdict: 'failed',
  sinceCommit: 'abc1234def',
  failing,
  all,
  ...changes,
})

test.each<[ProblemFacts, string]>([
  [
    facts(openbsd, [...openbsd, ...linux]),
    '[buildrump main] build step fails since abc1234 on 3 of 7 hosts (all OpenBSD)',
  ],
  [
    facts([openbsd[0], linux[0]] as NamedHost[], [...openbsd, ...linux]),
    '[buildrump main] build step fails since abc1234 on 2 of 7 hosts',
  ],
  [facts([openbsd[1]] as NamedHost[], openbsd), '[buildrump main] build step fails since abc1234 on 1 of 3 hosts (b)'],
  [facts(openbsd, openbsd), '[buildrump main] build step fails since abc1234 on 3 of 3 hosts'],
  [facts([linux[0]] as NamedHost[], [linux[0]] as NamedHost[]), '[buildrump main] build step fails since abc1234 on d'],
  [
    facts(
      [host('x', 'Linux', 'mips'), host('y', 'NetBSD', 'mips')],
      [host('x', 'Linux', 'mips'), host('y', 'NetBSD', 'mips'), ...linux],
    ),
    '[buildrump main] build step fails since abc1234 on 2 of 6 hosts (all mips)',
  ],
  [
    facts(openbsd, openbsd, { verdict: 'timed-out', step: 'tests' }),
    '[buildrump main] tests step times out since abc1234 on 3 of 3 hosts',
  ],
  [facts(openbsd, openbsd, { step: null }), '[buildrump main] the job fails since abc1234 on 3 of 3 hosts'],
])('%# the title of a problem', (given, title) => expect(failingTitle(given)).toBe(title))

test('the title of a fixed problem', () =>
  expect(fixedTitle(facts(openbsd, openbsd))).toBe('[buildrump main] build step passes again on 3 hosts'))

test('a title has at most 200 characters on one line', () => {
  const title = failingTitle(facts(openbsd, openbsd, { branch: `x\n${'y'.repeat(300)}` }))
  expect([title.length, title.includes('\n')]).toEqual([200, false])
})

test('a range names its commits and authors', () => {
  const commits = [{ commit: 'b'.repeat(40), author: 'Ada', subject: 'Fix it' }]
  expect(rangeLines({ source: 'sample', before: 'a'.repeat(40), after: 'b'.repeat(40), commits, total: 1 })).toEqual([
    'Commits of sample: aaaaaaaaaa..bbbbbbbbbb, 1 commit',
    '  bbbbbbbbbb Fix it (Ada)',
  ])
  expect(rangeLines({ source: 's', before: null, after: 'b'.repeat(40), commits: [], total: null })).toEqual([
    'Commits of s: bbbbbbbbbb, the number of commits is not known',
  ])
})

test('an excerpt has at most 20 lines, and the failing line is one of them', () => {
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index + 1}`)
  const shown = excerptLines({ firstLine: 1, lines }, 50)
  expect(shown).toHaveLength(20)
  expect(shown).toContain('line 50')
})

test('a summary counts its messages', () => {
  expect(
    bundleTitle(
      'sample',
      'main',
      new Map([
        ['newly-failing', 1000],
        ['fixed', 1],
      ]),
    ),
  ).toBe('[sample main] 1,000 new problems, 1 fixed')
})

test('the counts of a build', () => expect(countsWords({ passed: 5, failed: 2, queued: 0 })).toBe('2 failed, 5 passed'))

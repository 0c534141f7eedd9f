import { expect, test } from 'vitest'
import { type ChangedResult, groupChanges } from './recent-changes.rule.ts'

const at = (minutes: number) => new Date(Date.UTC(2024, 4, 6, 7, minutes))

const result = (changes: Partial<ChangedResult> = {}): ChangedResult => ({
  project: 'base',
  branch: 'main',
  host: 'vax',
  arch: 'amd64',
  variant: 'default',
  state: 'newly-failing',
  verdict: 'failed',
  failedStep: 'build',
  jobId: 1,
  buildId: 12,
  commit: 'c'.repeat(40),
  at: at(0),
  subject: 'A change',
  author: 'Ada',
  message: null,
  ...changes,
})

test('cells that failed with one build at the same step are one change, with their times and the error line', () => {
  const changes = groupChanges(
    [result(), result({ host: 'alpha', at: at(3), message: 'a.c:1: error' }), result({ arch: 'ppc', at: at(1) })],
    10,
  )
  expect(changes).toHaveLength(1)
  expect(changes[0]).toMatchObject({ step: 'build', message: 'a.c:1: error', firstAt: at(0), lastAt: at(3) })
  expect(changes[0]?.cells.map(({ host, arch }) => `${host} ${arch}`)).toEqual(['alpha amd64', 'vax amd64', 'vax ppc'])
})

test('a change that the history repeats counts once', () => {
  const changes = groupChanges([result({ at: at(1) }), result({ at: at(2) }), result({ host: 'sun', at: at(0) })], 10)
  expect(changes).toMatchObject([{ firstAt: at(0), lastAt: at(1), cells: [{ host: 'sun' }, { host: 'vax' }] }])
})

test.each<[string, Partial<ChangedResult>]>([
  ['another build', { buildId: 13 }],
  ['another step', { failedStep: 'tests' }],
  ['a timeout', { verdict: 'timed-out' }],
  ['another branch', { branch: 'fix' }],
  ['another project', { project: 'docs' }],
])('%s is another change', (_, changes) => expect(groupChanges([result(), result(changes)], 10)).toHaveLength(2))

test('the newest change is first, and the limit drops the oldest', () => {
  const results = [1, 5, 3].map(minutes => result({ buildId: minutes, at: at(minutes) }))
  expect(groupChanges(results, 2).map(({ buildId }) => buildId)).toEqual([5, 3])
})

test('a pass has no step, also if the attempts before it failed at different steps', () => {
  const passed = { verdict: 'passed', state: 'fixed' } as const
  const changes = groupChanges([result(passed), result({ ...passed, failedStep: 'tests', host: 'sun' })], 10)
  expect(changes).toMatchObject([{ step: null, verdict: 'passed' }])
})

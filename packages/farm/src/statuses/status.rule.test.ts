import { expect, test } from 'vitest'
import { buildContext, buildStatus, cellContext, cellStatus, type StatusJob, unbuiltStatus } from './status.rule.ts'

let jobId = 0
const job = (changes: Partial<StatusJob> = {}): StatusJob => ({
  jobId: ++jobId,
  host: 'vax',
  arch: 'vax',
  variant: 'default',
  state: 'finished',
  verdict: 'passed',
  failedStep: null,
  examining: false,
  known: null,
  ...changes,
})
const waiting = () => job({ state: 'waiting', verdict: null })
const queued = () => job({ state: 'queued', verdict: null })
const failed = (changes: Partial<StatusJob> = {}) => job({ verdict: 'failed', failedStep: 'build', ...changes })

const build = { id: 12, sources: 'ready', conflictsWith: null }

test.each<[string, StatusJob[], string, string]>([
  ['no job', [], 'error', 'No host of the farm can build this commit'],
  ['jobs that wait for their sources', [waiting(), waiting()], 'pending', 'Build 12 has 2 jobs'],
  ['a queued job', [queued(), job()], 'running', 'Build 12 has 2 jobs'],
  [
    'a failure while another job runs',
    [failed(), job({ state: 'running', verdict: null })],
    'running',
    'Build 12 has 2 jobs',
  ],
  ['a failure whose log is not read', [failed({ examining: true }), job()], 'running', 'Build 12 has 2 jobs'],
  ['one passed job', [job()], 'success', 'The job passed'],
  ['only passed jobs', [job(), job(), job()], 'success', 'All 3 jobs passed'],
  ['a passed job whose tests are not read', [job({ examining: true })], 'success', 'The job passed'],
  [
    'failures',
    [failed(), job(), failed({ host: 'sun', verdict: 'timed-out', failedStep: 'tests' })],
    'failure',
    '2 of 3 jobs failed: vax (build), sun (tests)',
  ],
  ['a failure without a step', [failed({ failedStep: null })], 'failure', '1 of 1 job failed: vax'],
  ['a failure and a lost job', [failed(), job({ verdict: 'lost' })], 'failure', '1 of 2 jobs failed: vax (build)'],
  ['a lost job', [job(), job({ verdict: 'lost' })], 'error', '1 of 2 jobs ended without a result'],
  [
    'a broken and a cancelled job',
    [job({ verdict: 'broken' }), job({ verdict: 'cancelled' })],
    'error',
    '1 of 2 jobs ended without a result',
  ],
  ['a cancelled job', [job(), job({ verdict: 'cancelled' })], 'cancelled', '1 of 2 jobs was cancelled'],
  ['a known failure', [job(), failed({ known: 'bug 7' })], 'success', '1 of 2 jobs passed, 1 failed as expected'],
  [
    'a known and another failure',
    [failed({ known: 'bug 7' }), failed({ host: 'sun' })],
    'failure',
    '1 of 2 jobs failed: sun (build)',
  ],
])('the status of a build with %s', (_name, jobs, state, description) => {
  expect(buildStatus(build, jobs)).toEqual({ state, description })
})

test('the status of a build without sources says so', () => {
  const broken = job({ verdict: 'broken' })
  expect(buildStatus({ id: 1, sources: 'failed', conflictsWith: null }, [broken])).toEqual({
    state: 'error',
    description: 'The sources of the build are not available',
  })
})

test.each<[string, StatusJob, string, string]>([
  ['an open job', job({ jobId: 7, state: 'leased', verdict: null }), 'running', 'Job 7 has not ended'],
  ['a passed job', job(), 'success', 'Passed'],
  ['a failed job', failed(), 'failure', 'Failed at step build'],
  ['a timed-out job', failed({ verdict: 'timed-out' }), 'failure', 'Timed out at step build'],
  ['a known failure', failed({ known: 'bug 7' }), 'success', 'Failed at step build, as expected: bug 7'],
  ['a lost job', job({ verdict: 'lost' }), 'error', 'Ended without a result (lost)'],
  ['a cancelled job', job({ verdict: 'cancelled' }), 'cancelled', 'Cancelled'],
])('the status of the cell of %s', (_name, one, state, description) => {
  expect(cellStatus(one)).toEqual({ state, description })
})

test('the name of a status tells the project and the cell', () => {
  expect(buildContext('sample')).toBe('rumpfarm/sample')
  expect(cellContext('sample', job())).toBe('rumpfarm/sample/vax/vax')
  expect(cellContext('sample', job({ variant: 'debug' }))).toBe('rumpfarm/sample/vax/vax/debug')
})

test.each([
  ['waiting', false, null, 'pending', 'Waits for the approval of an administrator of the farm'],
  ['approved', true, null, 'pending', 'The farm prepares the build of this commit'],
  ['refused', true, null, 'cancelled', 'An administrator refused to build this commit'],
  ['refused', true, 'refused', 'cancelled', 'An administrator refused to build this commit'],
  ['refused', false, null, 'cancelled', 'The project builds no pull requests from forks'],
  ['waiting', false, 'superseded', 'cancelled', 'Not built: the pull request has a newer commit'],
  ['waiting', false, 'closed', 'cancelled', 'Not built: the pull request was closed before an approval'],
  ['approved', true, 'merged', 'cancelled', 'Not built: the pull request was merged before the farm built this commit'],
] as const)(
  'a commit without a build, %s (by a person: %s), ended: %s, is %s',
  (approval, decided, ended, state, description) => {
    expect(unbuiltStatus({ approval, decided, ended })).toEqual({ state, description })
  },
)

test('the status of a pull request that conflicts names the branch', () => {
  const broken = job({ verdict: 'broken', failedStep: null })
  expect(buildStatus({ ...build, sources: 'failed', conflictsWith: 'main' }, [broken])).toEqual({
    state: 'error',
    description: 'Conflicts with main; nothing was built',
  })
})

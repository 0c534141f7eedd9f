import { expect, test } from 'vitest'
import { type AttemptResult, judgeProbe, type SearchedFailure } from './judge-probe.rule.ts'

const searched: SearchedFailure = { verdict: 'failed', failedStep: 'build', fingerprint: 'f1', symbol: 'uvmexp' }
const passed: AttemptResult = { verdict: 'passed', failedStep: null, fingerprint: null, symbol: null, passedSteps: [] }
const failed: AttemptResult = { ...passed, verdict: 'failed', failedStep: 'build', fingerprint: 'f1' }

test.each<[string, AttemptResult, string]>([
  ['the probe passed', passed, 'good'],
  ['the step passed and a later step failed', { ...failed, failedStep: 'tests', passedSteps: ['build'] }, 'good'],
  ['the same error', failed, 'bad'],
  ['another error about the same name', { ...failed, fingerprint: 'f2', symbol: 'uvmexp' }, 'bad'],
  ['another error', { ...failed, fingerprint: 'f2' }, 'other'],
  ['an earlier step failed with the same error', { ...failed, failedStep: 'configure' }, 'other'],
  ['a timeout', { ...failed, verdict: 'timed-out', fingerprint: 'f3' }, 'other'],
  ['lost', { ...passed, verdict: 'lost' }, 'none'],
  ['broken', { ...passed, verdict: 'broken', failedStep: 'build' }, 'none'],
])('%s', (_, result, verdict) => expect(judgeProbe(result, searched).verdict).toBe(verdict))

test('without a fingerprint, the verdict and the step decide', () => {
  const step = { ...searched, fingerprint: null }
  expect(judgeProbe({ ...failed, fingerprint: 'f9' }, step).verdict).toBe('bad')
  expect(judgeProbe({ ...failed, verdict: 'timed-out' }, step).verdict).toBe('other')
})

import { expect, test } from 'vitest'
import { effectOf, type JobResult } from './build-effects.rule.ts'

const passed: JobResult = { passed: 1, failed: 0, last: { verdict: 'passed', failedStep: null, fingerprint: null } }
const failed = (failedStep = 'build', fingerprint: string | null = 'a'): JobResult => ({
  passed: 0,
  failed: 1,
  last: { verdict: 'failed', failedStep, fingerprint },
})
const timedOut: JobResult = {
  passed: 0,
  failed: 1,
  last: { verdict: 'timed-out', failedStep: 'build', fingerprint: 'a' },
}
const mixed: JobResult = { ...passed, failed: 1 }
const none: JobResult = { passed: 0, failed: 0, last: null }

test.each([
  { title: 'a pass', now: failed(), before: passed, effect: 'broke' },
  { title: 'a pass', now: timedOut, before: passed, effect: 'broke' },
  { title: 'a failure', now: passed, before: failed(), effect: 'fixed' },
  { title: 'a pass', now: passed, before: passed, effect: 'still-passing' },
  { title: 'the same failure', now: failed(), before: failed(), effect: 'still-failing' },
  { title: 'a failure without fingerprint', now: failed('build', null), before: failed(), effect: 'still-failing' },
  { title: 'another error', now: failed('build', 'b'), before: failed(), effect: 'failing-differently' },
  { title: 'another step', now: failed('tests'), before: failed(), effect: 'failing-differently' },
  { title: 'a timeout', now: failed(), before: timedOut, effect: 'failing-differently' },
  { title: 'no earlier result', now: passed, before: null, effect: 'first-pass' },
  { title: 'no earlier result', now: failed(), before: null, effect: 'first-failure' },
  { title: 'a flaky commit', now: failed(), before: mixed, effect: 'flaky' },
  { title: 'a pass', now: mixed, before: passed, effect: 'flaky' },
  { title: 'a pass', now: none, before: passed, effect: 'none' },
])('after $title: $effect', ({ now, before, effect }) => expect(effectOf(now, before)).toBe(effect))

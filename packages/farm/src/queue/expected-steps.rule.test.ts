import { expect, test } from 'vitest'
import { usualSteps } from './expected-steps.rule.ts'

const run = (times: Record<string, number>) =>
  Object.entries(times).map(([name, milliseconds]) => ({ name, milliseconds, exit: 0, logBytes: 0 }))

test.each([
  ['no runs', [], {}],
  ['one run', [run({ build: 5 })], { build: 5 }],
  ['three runs', [run({ build: 5 }), run({ build: 90 }), run({ build: 7 })], { build: 7 }],
  ['two runs', [run({ build: 5, tests: 1 }), run({ build: 10, tests: 2 })], { build: 8, tests: 2 }],
  ['a new step', [run({ build: 5 }), run({ build: 5, tests: 3 })], { build: 5, tests: 3 }],
])('the usual durations of the steps of %s', (_name, runs, usual) => expect(usualSteps(runs)).toEqual(usual))

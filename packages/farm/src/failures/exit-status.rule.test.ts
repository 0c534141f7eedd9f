import { expect, test } from 'vitest'
import { explainExit } from './exit-status.rule.ts'

test.each([
  [0, undefined],
  [1, undefined],
  [2, undefined],
  [77, 'Automake: the test was skipped'],
  [99, 'Automake: the test could not be set up (hard error)'],
  [126, 'the command exists, but the host cannot execute it'],
  [127, 'a command was not found'],
  [128, undefined],
  [134, 'ended by signal 6 (SIGABRT): the program ended itself, for example after a failed assertion'],
  [137, 'ended by signal 9 (SIGKILL): ended from outside, often because the host had no free memory'],
  [138, 'ended by signal 10: on many systems SIGBUS, invalid memory access'],
  [139, 'ended by signal 11 (SIGSEGV): invalid memory access'],
  [143, 'ended by signal 15 (SIGTERM): asked to end'],
  [150, 'ended by signal 22'],
  [255, undefined],
])('exit %i means: %s', (exit, words) => expect(explainExit(exit)).toBe(words))

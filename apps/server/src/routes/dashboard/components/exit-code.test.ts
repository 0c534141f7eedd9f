import { expect, test } from 'vitest'
import { exitMeaning } from './exit-code.ts'

test.each([
  [1, undefined],
  [2, undefined],
  [126, 'the command cannot be executed'],
  [127, 'command not found'],
  [128, undefined],
  [139, 'killed by SIGSEGV, segmentation fault'],
  [138, 'killed by signal 10'],
  [255, undefined],
])('the exit code %i means: %s', (code, meaning) => expect(exitMeaning(code)).toBe(meaning))

import { expect, test } from 'vitest'
import { artifactRefusal } from './artifact-room.rule.ts'

test.each([
  [1000, 0, 0, 1000, undefined],
  [0, 99, 1000, 1000, undefined],
  [400, 2, 600, 1000, undefined],
  [401, 2, 600, 1000, 'it has 401 bytes, and 600 bytes of other files are already stored; limits.artifacts is 1000'],
  [1001, 0, 0, 1000, 'it has 1001 bytes; limits.artifacts is 1000'],
  [0, 100, 5, 1000, '100 files are already stored, which is the maximum'],
  [0, 0, 0, 0, 'the recipe names no artifacts'],
])(
  'for an artifact of %i bytes, if %i files of %i bytes are stored and the limit is %i, the refusal is: %s',
  (size, count, bytes, bytesMax, refusal) => {
    expect(artifactRefusal(size, { count, bytes }, bytesMax)).toBe(refusal)
  },
)

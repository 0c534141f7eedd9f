import { expect, test } from 'vitest'
import { artifactRefusal, isResultFile, offeredFilesMax } from './artifact-room.rule.ts'

const results = 'files with test results are already stored, which is the maximum'

test.each([
  [0, 0, 0, 1000, false, undefined],
  [1000, 0, 0, 1000, false, undefined],
  [0, 99, 1000, 1000, false, undefined],
  [400, 2, 600, 1000, false, undefined],
  [
    401,
    2,
    600,
    1000,
    false,
    'it has 401 bytes, and 600 bytes of other files are already stored; limits.artifacts is 1000',
  ],
  [1001, 0, 0, 1000, false, 'it has 1001 bytes; limits.artifacts is 1000'],
  [0, 100, 5, 1000, false, '100 files are already stored, which is the maximum'],
  [0, 1999, 5, 1000, true, undefined],
  [0, 2000, 5, 1000, true, `2000 ${results}`],
  [1001, 0, 0, 1000, true, 'it has 1001 bytes; limits.artifacts is 1000'],
  [0, 0, 0, 0, false, 'the recipe names no artifacts'],
])(
  'for a file of %i bytes, if %i files of its kind and %i bytes are stored, the limit is %i, and it has test results: %s, the refusal is: %s',
  (size, count, bytes, bytesMax, isResult, refusal) => {
    expect(artifactRefusal(size, { count, bytes }, { bytesMax, isResult })).toBe(refusal)
  },
)

test.each([
  [['reports/*.xml'], 'reports/a.xml', true],
  [['reports/*.xml'], 'reports/in/a.xml', false],
  [['reports'], 'reports/in/a.xml', true],
  [['reports'], 'reports.xml', false],
  [['a.xml', 'b*.xml'], 'b7.xml', true],
  [[], 'a.xml', false],
])('with the patterns %j of test results, the file %s has results: %s', (patterns, name, is) => {
  expect(isResultFile(patterns, name)).toBe(is)
})

test('a host offers more files if the recipe names files with test results', () => {
  expect(offeredFilesMax({})).toBe(200)
  expect(offeredFilesMax({ results: [{ format: 'tap', step: 'tests' }] })).toBe(200)
  expect(offeredFilesMax({ results: [{ format: 'junit', files: '*.xml' }] })).toBe(2200)
})

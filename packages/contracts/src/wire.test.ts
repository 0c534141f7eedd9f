import { describe, expect, test } from 'vitest'
import {
  errAnswer,
  isArtifactName,
  lineValue,
  okAnswer,
  readAnswer,
  readLines,
  wireNumber,
  writeLines,
} from './wire.ts'

describe('a body of lines', () => {
  test('if a body is written and read again, it does not change, and script lines keep their leading spaces', () => {
    const lines = [
      ['step', 'build'],
      ['|', '  make  -k "$X"'],
      ['|', ''],
      ['env', 'A=b = c'],
    ] as [string, string][]
    expect(readLines(writeLines(lines))).toEqual({ kind: 'lines', lines })
  })

  test('a value never becomes two lines', () => {
    expect(writeLines([['detail', 'one\nend\r\nok\0']])).toBe('detail one end ok \nend\n')
  })

  test.each([
    ['', 'the body is incomplete'],
    ['token x\n', 'the body is incomplete'],
    ['token x\nend', 'the body is incomplete'],
    ['token x\n-bad y\nend\n', 'line 2 has no key'],
    [`${'a b\n'.repeat(5000)}end\n`, 'more than 4096 lines'],
  ])('the reader refuses %j: %s', (text, problem) => {
    expect(readLines(text)).toEqual({ kind: 'malformed', problem: expect.stringContaining(problem) })
  })
})

describe('an answer', () => {
  test('an answer is ok or an error, followed by lines', () => {
    expect(readAnswer(okAnswer([['size', 5]]))).toEqual({ code: 0, text: '', lines: [['size', '5']] })
    const wrong = readAnswer(errAnswer(409, 'offset', [['size', 7]]))
    expect(wrong).toMatchObject({ code: 409, text: 'offset' })
    expect(lineValue(wrong?.lines ?? [], 'size')).toBe('7')
  })

  test.each(['', 'ok', 'ok\n', 'ok\nsize 5\n', '<html>502</html>\nend\n', 'err 40 x\nend\n'])(
    'the reader rejects %j, which is not a complete answer of the protocol',
    text => {
      expect(readAnswer(text)).toBeUndefined()
    },
  )
})

test.each([
  ['0', 0],
  ['999999999', 999_999_999],
  ['1000000000', undefined], // ten digits are too many for mksh
  ['007', undefined],
  ['-1', undefined],
  ['1e3', undefined],
  ['', undefined],
  [undefined, undefined],
])('the reader reads the number %j as %j', (text, value) => {
  expect(wireNumber(text)).toBe(value)
})

test.each([
  ['dist.tar.gz', true],
  ['reports/unit/a+b.xml', true],
  ['a'.repeat(128), true],
  ['a'.repeat(129), false],
  ['', false],
  ['/a', false],
  ['a/', false],
  ['a//b', false],
  ['../a', false],
  ['a/.b', false],
  ['a/-b', false],
  ['a b', false],
])('the check of the artifact name %s returns %s', (name, is) => expect(isArtifactName(name)).toBe(is))

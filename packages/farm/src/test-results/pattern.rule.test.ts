import { describe, expect, test } from 'vitest'
import { noticesOf, parse, shown } from './parse.fixture.ts'
import { type LogPattern, patternProblem } from './pattern.rule.ts'

const read = (text: string, pattern: LogPattern, limits = {}) =>
  parse([{ text, pattern, label: 'log of tests' }], { limits })

const oneLine = {
  pattern: '^(?:test )?(?<name>\\S+) \\.\\.\\. (?<result>\\w+)(?: \\((?<seconds>[0-9.]+)s\\))?(?:: (?<message>.*))?$',
}

// One line for the beginning of a test and one for its result, with output between them.
const twoLines = {
  pattern: '^(?:(?<name>[a-z]+ test)(?: \\.\\.\\. |$))?(?<result>(?:[Dd]one|>> ERROR:|no libraries, skipped)$)?',
  failed: ['>> ERROR:'],
  skipped: ['no libraries, skipped'],
}

describe('tests in a log', () => {
  test.each<[title: string, text: string, pattern: LogPattern, expected: string[], notices?: string[]]>([
    [
      'each matching line is a test',
      'building\ntest a ... ok\ntest b ... FAILED\nc ... skipped\n',
      oneLine,
      ['a: passed', 'b: failed', 'c: skipped'],
    ],
    [
      'a result may be on a later line',
      'vfs test\nNetBSD\nDone\nnet test ... done\n',
      twoLines,
      ['vfs test: passed', 'net test: passed'],
    ],
    [
      'a result inside a line is no result',
      'vfs test\nsyncing disks... done\n>> ERROR:\n',
      twoLines,
      ['vfs test: failed'],
    ],
    [
      'a result without a test is no test',
      'done\nvfs test ... done\n>> ERROR:\n>> FAILED 1 tests!\n',
      twoLines,
      ['vfs test: passed'],
    ],
    ['the recipe can give its own words', 'net test ... no libraries, skipped\n', twoLines, ['net test: skipped']],
    [
      'a test without a result is an error',
      'vfs test\nnet test ... done\nbus test\n',
      twoLines,
      ['vfs test: errored', 'net test: passed', 'bus test: errored'],
    ],
    ['an unknown word is an error', 'a ... maybe\n', oneLine, ['a: errored'], ['the word "maybe" is no known result']],
    ['no test at all is no error', 'nothing\n', oneLine, []],
  ])('%s', async (_title, text, pattern, expected, notices = []) => {
    const parsed = await read(text, pattern)
    expect([shown(parsed), noticesOf(parsed)]).toEqual([expected, notices])
  })

  test('the output of a failed test is its excerpt, and the last line before the result is its message', async () => {
    const { tests } = await read('vfs test\nfirst\nmount failed\n>> ERROR:\n', twoLines)
    expect(tests[0]).toMatchObject({ message: 'mount failed', excerpt: 'vfs test\nfirst\nmount failed\n>> ERROR:' })
  })

  test('the groups message and seconds are kept', async () => {
    const { tests } = await read('a ... failed (1.5s): no disk\n', oneLine)
    expect(tests[0]).toMatchObject({ message: 'no disk', durationMs: 1500 })
  })

  test('colours do not hide a test', async () => {
    expect(shown(await read('test a ... \x1b[32mok\x1b[0m\r\n', oneLine))).toEqual(['a: passed'])
  })
})

describe('limits of patterns', () => {
  test.each([
    ['(?<name>x', /^a pattern that RE2 refuses: /],
    ['(?<name>x)(?=y)', /^a pattern that RE2 refuses: /],
    ['(?<name>x)\\1', /^a pattern that RE2 refuses: /],
    ['^ok (.*)$', /^no group \(\?<name>…\)$/],
    ['^(?<name>x) (?<verdict>ok)$', /^a group named verdict$/],
    ['(?<name>(?:x{0,1000}y{0,1000}))', /^a pattern that/],
  ])('the farm refuses %s', (pattern, problem) => expect(patternProblem(pattern)).toMatch(problem))

  test('a pattern that would take exponential time elsewhere takes linear time', async () => {
    const started = process.cpuUsage()
    await read(`${'a'.repeat(60_000)}\n`, { pattern: '^(?<name>(a+)+)b$' })
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(3000)
  })

  test('the number of tests is limited', async () => {
    const parsed = await read('a ... ok\nb ... ok\n', oneLine, { resultsMax: 1 })
    expect([shown(parsed), noticesOf(parsed)]).toEqual([
      ['a: passed'],
      ['there are more tests; the farm kept the first 1'],
    ])
  })
})

import { describe, expect, test } from 'vitest'
import { noticesOf, parse, shown } from './parse.fixture.ts'

const tap = (...lines: string[]) => `${lines.join('\n')}\n`

describe('TAP 12, 13 and 14', () => {
  test.each<[title: string, text: string, expected: string[], notices?: string[]]>([
    [
      'numbers and names are optional',
      tap('1..3', 'ok', 'not ok 2', 'ok - third'),
      ['test 1: passed', 'test 2: failed', 'third: passed'],
    ],
    ['the plan may come last', tap('ok 1 - a', 'ok 2 - b', '1..2'), ['a: passed', 'b: passed']],
    ['version 13 is read', tap('TAP version 13', '1..1', 'ok 1 - a'), ['a: passed']],
    [
      'the second plan belongs to a subtest, and its parent repeats it',
      tap(
        'TAP version 14',
        '1..2',
        '# Subtest: sub',
        '    1..2',
        '    ok 1 - x',
        '    not ok 2 - y',
        'not ok 1 - sub',
        'ok 2 - b',
      ),
      ['sub › x: passed', 'sub › y: failed', 'b: passed'],
    ],
    [
      'a subtest without a comment has the name of its parent',
      tap('1..1', '    ok 1 - x', '    1..1', 'ok 1 - sub'),
      ['sub › x: passed'],
    ],
    [
      'subtests may be nested',
      tap('1..1', '    1..1', '        1..1', '        ok 1 - x', '    ok 1 - inner', 'ok 1 - outer'),
      ['outer › inner › x: passed'],
    ],
    [
      'a parent that fails although no subtest fails is a failed test',
      tap('1..1', '# Subtest: sub', '    1..2', '    ok 1 - x', 'not ok 1 - sub'),
      ['sub › x: passed', 'sub: failed'],
      ['subtest sub: the plan is 1..2, but 1 tests reported'],
    ],
    [
      'YAML may contain TAP',
      tap('1..2', 'not ok 1 - a', '  ---', '  got: |', '    ok 7 - no test', '    1..9', '  ...', 'ok 2 - b'),
      ['a: failed', 'b: passed'],
    ],
    [
      'YAML without an end stops at the next line that is not indented',
      tap('1..2', 'not ok 1 - a', '  ---', '  got: 1', 'ok 2 - b'),
      ['a: failed', 'b: passed'],
    ],
    ['no plan: the file is not complete', tap('ok 1 - a'), ['a: passed'], ['no plan']],
    ['1..0 is a skipped file', tap('1..0 # skip no network'), ['(whole file): skipped']],
    [
      'too few tests: the file is not complete',
      tap('1..3', 'ok 1 - a'),
      ['a: passed'],
      ['the plan is 1..3, but 1 tests reported'],
    ],
    [
      'TODO never fails',
      tap('1..2', 'not ok 1 - a # TODO later', 'ok 2 - b # todo'),
      ['a: expected-failure', 'b: unexpected-pass'],
    ],
    [
      'directives may have any case',
      tap('1..2', 'ok 1 - a # skip', 'ok 2 - b # SKIP no disk'),
      ['a: skipped', 'b: skipped'],
    ],
    ['ok has only one case', tap('1..1', 'OK 1 - a', 'Not ok 2 - b', 'ok 1 - c'), ['c: passed']],
    [
      'an escaped # is part of the name',
      tap('1..2', 'ok 1 - a \\# TODO', 'ok 2 - b \\\\ c'),
      ['a # TODO: passed', 'b \\ c: passed'],
    ],
    [
      'Bail out! ends the file',
      tap('1..3', 'ok 1 - a', 'Bail out! no database', 'ok 2 - b'),
      ['a: passed'],
      ['Bail out! no database'],
    ],
    [
      'other lines are no tests',
      tap('building …', '1..1', 'x: ok', 'ok 1 - a', 'ok then'),
      ['a: passed', 'then: passed'],
      ['the plan is 1..1, but 2 tests reported'],
    ],
    ['line ends of other systems are removed', '1..1\r\nok 1 - a\r\n', ['a: passed']],
    ['the last line needs no end', '1..1\nok 1 - a', ['a: passed']],
    [
      'equal names are numbered',
      tap('1..2', 'ok 1 - a', 'ok 2 - a'),
      ['a: passed', 'a #2: passed'],
      ['1 tests have the name of an earlier test; the farm numbers them: #2, #3 …'],
    ],
    ['a file without tests is not complete', 'make: nothing to be done\n', [], ['no tests and no plan']],
  ])('%s', async (_title, text, expected, notices = []) => {
    const parsed = await parse([{ text, format: 'tap' }])
    expect([shown(parsed), noticesOf(parsed)]).toEqual([expected, notices])
  })

  test('the message, the place and the duration of a failed test are in its YAML', async () => {
    const yaml = [
      '  ---',
      '  message: "1 is not 2"',
      '  severity: fail',
      '  file: t/a.t',
      '  line: 7',
      '  duration_ms: 12.6',
      '  ...',
    ]
    const { tests } = await parse([{ text: tap('1..1', 'not ok 1 - a', ...yaml), format: 'tap' }])
    expect(tests[0]).toMatchObject({ message: '1 is not 2', file: 't/a.t', line: 7, durationMs: 13 })
    expect(tests[0]?.excerpt).toContain('severity: fail')
  })

  test('comments below a failed test are its output', async () => {
    const text = tap(
      '1..2',
      'not ok 1 - a',
      "#   Failed test 'a'",
      '#   at t/a.t line 3.',
      'ok 2 - b',
      '# Looks like you failed 1 test of 2.',
    )
    const { tests } = await parse([{ text, format: 'tap' }])
    expect(tests.map(({ excerpt }) => excerpt)).toEqual(["#   Failed test 'a'\n#   at t/a.t line 3.\n", null])
  })

  test('YAML is text: no alias is expanded and no tag is resolved', async () => {
    const bomb = [
      '  a: &a [x,x,x,x,x,x,x,x,x]',
      ...[...'bcdefghi'].map((name, at) => `  ${name}: &${name} [${`*${'abcdefgh'[at]},`.repeat(9)}]`),
    ]
    const { tests } = await parse([
      { text: tap('1..1', 'not ok 1 - a', '  ---', ...bomb, '  f: !function "x"', '  ...'), format: 'tap' },
    ])
    expect(tests[0]?.excerpt).toContain('b: &b [*a,*a')
  })

  test('tests of several files do not collide, because the file is their suite', async () => {
    const text = tap('1..1', 'ok 1')
    const parsed = await parse([
      { text, format: 'tap', suite: ['t/a.t'] },
      { text, format: 'tap', suite: ['t/b.t'] },
    ])
    expect(shown(parsed)).toEqual(['t/a.t › test 1: passed', 't/b.t › test 1: passed'])
  })
})

describe('limits of TAP', () => {
  test.each([
    [
      'the depth',
      { depthMax: 2 },
      tap('1..1', 'ok 1 - a', `${' '.repeat(12)}ok 1 - deep`),
      'subtests are nested more than 2 deep; the farm skips the inner ones',
    ],
    [
      'a line',
      { attributeMax: 10 },
      tap('1..1', 'ok 1 - abcdefghi'),
      'a line has more than 10 characters; the farm cuts it',
    ],
    [
      'the number of tests',
      { resultsMax: 1 },
      tap('1..2', 'ok 1 - a', 'ok 2 - b'),
      'there are more tests; the farm kept the first 1',
    ],
  ])('%s has a limit, and the part before it is kept', async (_title, limits, text, notice) => {
    const parsed = await parse([{ text, format: 'tap' }], { limits })
    expect([parsed.tests.length, noticesOf(parsed)]).toEqual([1, [notice]])
  })

  // If the parser searched the whole line again for each piece, this would take minutes.
  test('a line of 20 MB takes less than ten seconds of a processor', async () => {
    const started = process.cpuUsage()
    await parse([{ text: `1..1\n${'x'.repeat(20_000_000)}`, format: 'tap' }])
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(10_000)
  })
})

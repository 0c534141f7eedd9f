import { expect, test } from 'vitest'
import { junit, noticesOf, parse, shown } from './parse.fixture.ts'

const file = (name: string) => junit(`<testcase name="${name}"/>`, '')

test.each([
  ['JUnit XML after blanks', `\n ${file('a').slice(file('a').indexOf('<testsuites'))}`, 'junit'],
  ['JUnit XML after a byte order mark', `\uFEFF${file('a')}`, 'junit'],
  ['everything else is TAP', '1..1\nok 1 - a\n', 'tap'],
])('the format comes from the first bytes: %s', async (_title, text, format) => {
  const parsed = await parse(text)
  expect([parsed.runs.map(run => run.format), shown(parsed)]).toEqual([[format], ['a: passed']])
})

test('the farm reads at most 2,000 files, or as many as the limit says', async () => {
  const parsed = await parse([{ text: file('a') }, { text: file('b') }, { text: file('c') }], {
    limits: { filesMax: 2 },
  })
  expect([shown(parsed), parsed.notices]).toEqual([
    ['a: passed', 'b: passed'],
    ['3 files hold results; the farm read the first 2'],
  ])
})

test('when all files together are too large, the farm keeps the tests before the limit', async () => {
  const text = '1..2\nok 1 - a\nok 2 - b\n'
  const parsed = await parse([{ text }, { text: '1..2\nok 1 - c\nok 2 - d\n' }, { text }], { limits: { bytesMax: 38 } })
  expect(shown(parsed)).toEqual(['a: passed', 'b: passed', 'c: passed'])
  expect(parsed.runs.map(({ complete }) => complete)).toEqual([true, false])
  expect(parsed.notices).toEqual([
    'file-2 has 23 bytes; the farm read the first 38 bytes of all files',
    'file-3 has 23 bytes; the farm read the first 38 bytes of all files',
  ])
})

test('after 20 seconds, or as many as the limit says, the farm keeps what it has read', async () => {
  let ms = 0
  const text = `<testsuite>${'<testcase name="a"/>'.repeat(1000)}</testsuite>`
  const parsed = await parse([{ text, pieceBytes: 1000 }, { text }], {
    limits: { timeMs: 3000 },
    now: () => (ms += 1000),
  })
  expect(parsed.tests.length).toBeGreaterThan(50)
  expect(parsed.tests.length).toBeLessThan(300)
  expect(parsed.notices).toEqual(['reading took longer than 3 s; the farm kept what it had read'])
})

test('equal identities in two files are numbered', async () => {
  const parsed = await parse([{ text: file('a') }, { text: file('a') }])
  expect(shown(parsed)).toEqual(['a: passed', 'a #2: passed'])
  expect(noticesOf(parsed)).toHaveLength(1)
})

test('at most 20 notices of a file are kept', async () => {
  const cases = Array.from({ length: 30 }, (_, n) => `<testsuite name="s${n}" errors="1"/>`).join('')
  const notices = noticesOf(await parse(`<testsuites>${cases}</testsuites>`))
  expect([notices.length, notices.at(-1)]).toEqual([21, '10 more notices'])
})

// This takes about two seconds of CPU time; a file of 40 MB takes five.
test('of more than 100,000 tests the farm keeps the first 100,000', async () => {
  const cases = Array.from({ length: 100_001 }, (_, n) => `<testcase classname="C" name="method${n}" time="0.01"/>`)
  const parsed = await parse(`<testsuite name="s">${cases.join('')}</testsuite>`, { now: () => 0 })
  expect([parsed.tests.length, parsed.notices]).toEqual([
    100_000,
    ['there are more tests; the farm kept the first 100,000'],
  ])
})

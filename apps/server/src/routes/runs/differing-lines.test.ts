import { expect, test } from 'vitest'
import { differingLines, type StepText } from './differing-lines.ts'

const step = (attempt: string, lines: string[], firstLine = 1): StepText => ({
  attempt,
  hostName: 'vax',
  firstLine,
  lines,
})
const signs = { same: ' ', before: '-', after: '+' } as const
const difference = async (before: string[], after: string[]) => {
  const found = await differingLines(step('1.1', before), step('2.1', after, 101))
  return { ...found, hunks: found.hunks.map(hunk => hunk.map(({ kind, text }) => `${signs[kind]}${text}`)) }
}
const many = (count: number, text = 'line') =>
  Array.from({ length: count }, (_, index) => `${text} ${'x'.repeat(index % 7)}`)

test('equal steps have no differences', async () => {
  expect(await difference(['a', 'b'], ['a', 'b'])).toEqual({ hunks: [], equalLines: 2, complete: true })
  expect(await difference([], [])).toEqual({ hunks: [], equalLines: 0, complete: true })
})

test('times, paths and numbers do not count as differences', async () => {
  const before = ['cc /home/farm/work/attempt-1.1/src/a.c', 'took 12.5 s at 0x7ffe1200']
  const after = ['cc /home/farm/work/attempt-2.1/src/a.c', 'took 3.1 s at 0x7ffe9900']
  expect((await difference(before, after)).hunks).toEqual([])
})

test('a difference has three lines around it', async () => {
  const before = ['one', 'two', 'three', 'four', 'cc -c a.c', 'five', 'six', 'seven', 'eight']
  const after = ['one', 'two', 'three', 'four', 'a.c: error: no', 'five', 'six', 'seven', 'eight']
  expect(await difference(before, after)).toEqual({
    hunks: [[' two', ' three', ' four', '-cc -c a.c', '+a.c: error: no', ' five', ' six', ' seven']],
    equalLines: 4,
    complete: true,
  })
})

test('the end of a step that stopped early is one difference', async () => {
  const { hunks } = await difference(['one', 'two', 'three', 'done'], ['one', 'two', 'error: no'])
  expect(hunks).toEqual([[' one', ' two', '-three', '-done', '+error: no']])
})

test('each line has its number in its own log', async () => {
  const { hunks } = await differingLines(step('1.1', ['one', 'two']), step('2.1', ['one', 'error'], 101))
  expect(hunks[0]?.map(({ number }) => number)).toEqual([1, 2, 102])
})

test('very different steps show their first lines', async () => {
  const words = (word: string) =>
    Array.from(
      { length: 3_000 },
      (_, index) => `${word}${'abcdefghij'[index % 10]}${'klmnopqrst'[Math.floor(index / 10) % 10]}`,
    )
  const start = process.cpuUsage()
  const { hunks, complete, equalLines } = await difference(['same', ...words('old')], ['same', ...words('new')])
  expect({ complete, equalLines, first: hunks[0]?.slice(0, 2), lines: hunks[0]?.length }).toEqual({
    complete: false,
    equalLines: 1,
    first: [' same', '-oldak'],
    lines: 41,
  })
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(5_000) // about 0.2 s on an idle machine
})

test('a comparison has at most ten differences', async () => {
  const after = many(400).flatMap((line, index) => (index % 20 === 0 ? [line, 'new'] : [line]))
  const { hunks, complete } = await difference(many(400), after)
  expect([hunks.length, complete]).toEqual([10, false])
})

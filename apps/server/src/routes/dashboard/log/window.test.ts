import { expect, test } from 'vitest'
import { LineIndex } from './line-index.ts'
import { logSections, sectionAt } from './sections.ts'
import { offsetAbove, readWindow, windowBytes, windowLines } from './window.ts'

const logOf = (text: string) => {
  const bytes = Buffer.from(text)
  return {
    size: bytes.length,
    read: (start: number, end: number) => [bytes.subarray(start, end)],
    index: new LineIndex(),
  }
}
const recipe = { steps: ['configure', 'build', 'tests'].map(name => ({ name, run: 'true' })) }
const ended = (name: string, exit: number, logBytes: number) => ({ name, exit, milliseconds: 5, logBytes })
const running = logSections({ steps: [], verdict: null }, recipe)
const text = (html: string) => html.replace(/<[^>]*>/g, '')

test('a page shows a small log completely, and numbers each line', async () => {
  const window = await readWindow(logOf('one\ntwo\n'), running)
  expect(window).toMatchObject({ size: 8, start: 0, end: 8, firstLine: 1, next: { offset: 8, line: 3 } })
  expect(window.parts).toEqual([
    {
      section: 0,
      firstLine: 1,
      lines: 2,
      html: '<span class=line id=L1><a href="#L1">1 </a>one\n</span><span class=line id=L2><a href="#L2">2 </a>two\n</span>',
    },
  ])
})

test('an empty log has no lines', async () => {
  expect(await readWindow(logOf(''), running)).toMatchObject({ parts: [], next: { offset: 0, line: 1 } })
})

test('a page shows an unfinished line, and the live log continues from the start of this line', async () => {
  const window = await readWindow(logOf('one\ntw'), running)
  expect(window.next).toEqual({ offset: 4, line: 2 })
  expect(window.parts[0]?.html).toContain('<span class="line tail" id=L2>')
})

test('each step of a log has its own section', async () => {
  const sections = logSections({ steps: [ended('configure', 0, 4), ended('build', 2, 9)], verdict: null }, recipe)
  const window = await readWindow(logOf('one\ntwo\nxbye\n'), sections)
  expect(window.parts.map(part => [sections[part.section]?.step, text(part.html)])).toEqual([
    ['configure', '1 one\n'],
    ['build', '2 two\n3 x\n'],
    [undefined, '4 bye\n'],
  ])
})

test('a page of a large log shows the end, starts with a whole line, and has the line numbers of the whole log', async () => {
  const lines = Array.from({ length: 60_000 }, (_, index) => `line ${index + 1}\n`)
  const whole = lines.join('')
  const window = await readWindow(logOf(whole), running)
  expect(window.parts[0]?.lines).toBe(windowLines)
  const first = text(window.parts[0]?.html ?? '').split('\n')[0]
  expect(first).toBe(`${window.firstLine} line ${window.firstLine}`)
  expect(window.next).toEqual({ offset: whole.length, line: 60_001 })

  const before = await readWindow(logOf(whole), running, { from: 0 })
  expect(before).toMatchObject({ start: 0, firstLine: 1 })
  expect(whole.slice(before.end - 1, before.end)).toBe('\n')
  const after = await readWindow(logOf(whole), running, { from: before.end })
  expect(after).toMatchObject({ start: before.end, firstLine: before.next.line })
})

test('two neighbouring pages of a log have no gap and no overlap', async () => {
  const lines = Array.from({ length: 60_000 }, (_, index) => `line ${index + 1}\n`)
  const log = logOf(lines.join(''))
  const last = await readWindow(log, running)
  const before = await readWindow(log, running, { before: last.start })
  expect(before).toMatchObject({ end: last.start, next: { offset: last.start, line: last.firstLine } })
})

test('for the size of a page, only the shown part of a very long line counts', async () => {
  const log = logOf(`first\n${'x'.repeat(windowBytes * 4)}\nlast\n`)
  const window = await readWindow(log, running)
  expect(window).toMatchObject({ start: 0, firstLine: 1 })
  expect(window.parts[0]?.lines).toBe(3)
})

test('a page that starts in a very long line shows the end of the line', async () => {
  const window = await readWindow(logOf(`a\n${'x'.repeat(windowBytes * 12)}`), running)
  expect(window.parts[0]?.lines).toBe(1)
  expect(window.firstLine).toBe(2)
})

test.each([
  [0, 0],
  [3, 0],
  [4, 1],
  [8, 1],
  [9, 2],
  [900, 2],
])('the byte %i is in section %i', (offset, section) => {
  expect(
    sectionAt(logSections({ steps: [ended('configure', 0, 4), ended('build', 0, 9)], verdict: null }, recipe), offset),
  ).toBe(section)
})

test('in a log of 60,000 lines, a link to a line opens the page with this line', async () => {
  const log = logOf(Array.from({ length: 60_000 }, (_, i) => `line ${i + 1}\n`).join(''))
  const from = await offsetAbove(log, 100)
  const window = await readWindow(log, running, { from })
  expect(window.firstLine).toBe(90)
  expect(window.parts[0]?.html).toContain('id=L100>')
  expect(await offsetAbove(log, 3)).toBe(0)
  expect(await offsetAbove(log, 70_000)).toBeUndefined()
})

test.each([
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['timed-out', 'timed-out'],
  ['broken', 'broken'],
  [null, 'failed'],
] as const)('the last step of a job that is %s has the status %s', (verdict, status) => {
  const steps = [ended('configure', 0, 4), ended('build', 143, 9)]
  expect(logSections({ steps, verdict }, recipe).map(section => section.status)).toEqual(['passed', status, undefined])
})

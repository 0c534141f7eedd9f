import type { Box } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import type { Grid, GridBox } from './grid.ts'
import { boxPath, gridHtml } from './grid-html.ts'

const at = new Date('2024-05-06T07:08:09Z')
const hoursAgo = (hours: number) => at.getTime() - hours * 3_600_000

const box = (changes: Partial<GridBox> = {}): GridBox => ({
  look: 'passed',
  step: null,
  timedOut: false,
  sinceMs: null,
  activity: null,
  count: 1,
  of: 1,
  href: '/cells/vax/ppc64',
  ...changes,
})

const gridOf = (boxes: (GridBox | null)[], row: Partial<Grid['groups'][number]['rows'][number]> = {}): Grid => ({
  label: 'Results',
  at,
  columns: boxes.map((_, index) => ({
    arch: ['ppc64', 'ppc', 'vax'][index] ?? '',
    family: index === 2 ? 1 : 0,
    href: null,
  })),
  groups: [
    {
      name: 'NetBSD',
      href: '/?os=NetBSD',
      rows: [{ host: 'zen', href: '/hosts/zen', note: '10.1', warning: null, boxes, ...row }],
    },
  ],
})

const words = (html: string) =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim()
const boxText = (changes: Partial<Box>) => words(gridHtml(gridOf([box(changes)])).split('10.1</small>')[1] ?? '')

test.each<[Partial<Box>, string]>([
  [{}, 'ppc64: passed'],
  [{ count: 6, of: 6, activity: 'queued' }, 'ppc64: passed, queued'],
  [{ look: 'new', step: 'build', count: 3, of: 10 }, 'ppc64: newly failed at build 3/10'],
  [{ look: 'new', step: 'build' }, 'ppc64: newly failed at build'],
  [{ look: 'new', step: 'tests', timedOut: true }, 'ppc64: newly timed out at tests'],
  [{ look: 'new' }, 'ppc64: newly failed: failed'],
  [{ look: 'new', step: 'build', activity: 'running' }, 'ppc64: newly failed at build, running'],
  [{ look: 'unconfirmed', step: 'build' }, 'ppc64: failed once, unconfirmed, at build'],
  [{ look: 'failing', step: 'tests', sinceMs: hoursAgo(72) }, 'ppc64: failed for 3 d at tests'],
  [
    { look: 'old', step: 'tests', timedOut: true, sinceMs: hoursAgo(24 * 700) },
    'ppc64: timed out for 22 months at tests',
  ],
  [{ look: 'lost' }, 'ppc64: lost'],
  [{ look: 'never-ran' }, 'ppc64: never ran'],
  [{ look: 'prevented' }, 'ppc64: cannot run'],
  [{ look: 'known', step: 'tests' }, 'ppc64: known failure'],
  [{ look: 'flaky' }, 'ppc64: flaky'],
  [{ look: 'tests-missing' }, 'ppc64: passed, but no tests (tests missing)'],
  [{ look: 'running', step: 'tools', activity: 'running' }, 'ppc64: running tools'],
  [{ look: 'queued', sinceMs: hoursAgo(4), activity: 'queued' }, 'ppc64: queued for 4 h'],
  [{ look: 'cancelled' }, 'ppc64: cancelled'],
  [{ look: 'fixed' }, 'ppc64: fixed'],
])('the text of a box %j is: %s', (changes, text) => expect(boxText(changes)).toBe(text))

test('a box has its arch in its text, a class for its look, and a link', () => {
  const html = gridHtml(
    gridOf([box({ look: 'failing', step: 'tests', timedOut: true, sinceMs: hoursAgo(48) }), null]),
    '/farm',
  )
  expect(html).toContain(
    '<td class="failing late"><a href="/farm/cells/vax/ppc64"><i>ppc64: timed out for 2 d at </i>tests</a><td>',
  )
})

test('the columns of a family are a group, and every second family has a band', () => {
  const html = gridHtml(gridOf([null, box(), box()]))
  expect(html).toContain(
    '<colgroup span=2></colgroup><colgroup span=2></colgroup><colgroup span=1 class=band></colgroup>',
  )
})

test('a long host name has a title, and a silent host says since when', () => {
  const html = gridHtml(gridOf([box()], { host: 'a-host-with-a-long-name', warning: 'silent 3 d' }))
  expect(html).toContain(
    '<a href="/hosts/zen" title="a-host-with-a-long-name">a-host-with-a-long-name</a> <small>silent 3 d</small>',
  )
  expect(words(html)).not.toContain('10.1')
})

test('the grid escapes text from hosts and recipes', () => {
  const html = gridHtml(gridOf([box({ look: 'new', step: '<img src=x>' })], { note: '<script>', host: '"><b>' }))
  expect(html).not.toMatch(/<script|<img|<b>/)
})

test('the address of a box keeps the filter', () => {
  expect(boxPath('vax', 'a b', 'project=x')).toBe('/cells/vax/a%20b?project=x')
})

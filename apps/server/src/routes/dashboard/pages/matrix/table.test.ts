import type { Matrix, MatrixCell, MatrixSummary } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { spread } from './spread.ts'
import { tableHtml } from './table.ts'

const at = new Date('2024-05-06T07:08:09Z')
const hoursAgo = (hours: number) => new Date(at.getTime() - hours * 3_600_000)

const cellOf = (host: string, changes: Partial<MatrixCell> = {}): MatrixCell => ({
  host,
  arch: 'amd64',
  project: 'sample',
  branch: 'main',
  variant: 'default',
  status: changes.last?.verdict ?? 'never-ran',
  retrying: false,
  last: null,
  active: null,
  prevented: null,
  known: null,
  acknowledged: null,
  alike: { cells: 0, of: 0, notYet: 0 },
  ...changes,
})

const failed = (step: string, hours: number): MatrixCell['last'] => ({
  jobId: 41,
  attempt: '41.1',
  state: 'still-failing',
  fingerprint: null,
  message: null,
  flakiness: { flaky: false, results: 1, changes: 0 },
  expectedMs: null,
  testsMissing: false,
  buildId: 12,
  commit: 'a'.repeat(40),
  position: 2,
  verdict: 'failed',
  failedStep: step,
  finishedAt: hoursAgo(1),
  since: { buildId: 11, jobId: null, commit: 'b'.repeat(40), at: hoursAgo(hours) },
  changed: null,
  lastGood: { buildId: 9, jobId: null, commit: 'c'.repeat(40), at: hoursAgo(90) },
})

const passed: MatrixCell['last'] = {
  ...(failed('build', 5) as NonNullable<MatrixCell['last']>),
  verdict: 'passed',
  failedStep: null,
}

const matrixOf = (cells: MatrixCell[], changes: Partial<Matrix> = {}): Matrix => ({
  at,
  projects: ['sample'],
  branches: [{ project: 'sample', shown: 'main', built: ['main'] }],
  arches: ['amd64', 'vax'],
  hosts: [...new Set(cells.map(cell => cell.host))].map(name => ({
    name,
    system: 'NetBSD 5.1 i386',
    os: 'NetBSD',
    release: '5.1',
    presence: 'online',
    lastSeenAt: at,
    refusal: null,
    arches: [{ arch: 'amd64', kind: 'native', compiler: 'cc', unable: null }],
    rules: [],
  })),
  cells,
  summary: noCells,
  troubles: [],
  ...changes,
})

const noCells: MatrixSummary = {
  cells: 0,
  passed: 0,
  failing: 0,
  knownFailures: 0,
  neverRan: 0,
  prevented: 0,
  cancelled: 0,
  running: 0,
  waiting: 0,
}

const words = (html: string) =>
  html
    .replace(/<caption.*?<\/caption>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

test('a failing cell shows the failing step, the first failure, the number of similar failures, and the last good commit', () => {
  const cell = cellOf('vax', { last: failed('build', 3), alike: { cells: 0, of: 5, notYet: 0 } })
  const html = tableHtml(matrixOf([cell]))
  expect(words(html)).toBe(
    'host amd64 vax online NetBSD 5.1 i386 failed build 3 h #11 bbbbbbb only here last good ccccccc',
  )
  expect(html).toContain('href=/jobs/41')
  expect(html).toContain('<time datetime=2024-05-06T04:08:09.000Z title="2024-05-06 04:08 UTC">3 h</time>')
})

test('if the failure of a cell changed, the cell shows the first build with the new failure', () => {
  const last = {
    ...passed,
    ...failed('build', 3),
    changed: { buildId: 12, jobId: null, commit: 'd'.repeat(40), at: hoursAgo(2) },
  }
  const html = tableHtml(matrixOf([cellOf('vax', { last, alike: { cells: 0, of: 5, notYet: 0 } })]))
  expect(words(html)).toContain('failed build 3 h #11 bbbbbbb different failure before #12 only here')
})

test('a cell that never ran has a line in the table', () => {
  expect(words(tableHtml(matrixOf([cellOf('vax')])))).toContain('vax online NetBSD 5.1 i386 never ran')
})

test('a cell that cannot run shows the reason, even beside an older result', () => {
  const cells = [
    cellOf('vax', { prevented: "not allowed by the host's owner" }),
    cellOf('sun', { last: passed, prevented: 'the host cannot build for this arch: its runner <x> is gone' }),
  ]
  const html = tableHtml(matrixOf(cells))
  expect(words(html)).toContain('vax online NetBSD 5.1 i386 not allowed by the host&#39;s owner')
  expect(words(html)).toMatch(
    /sun online .* passed .* now the host cannot build for this arch: its runner &lt;x&gt; is gone/,
  )
})

test('a cell shows the reason of its known failure, even after the cell passes', () => {
  const cells = [
    cellOf('cygwin', { last: failed('build', 3), known: 'PE-COFF <not> ELF' }),
    cellOf('mac', { last: passed, known: 'its linker' }),
  ]
  const html = tableHtml(matrixOf(cells))
  expect(words(html)).toMatch(/cygwin online .* failed build 3 h .* known to fail: PE-COFF &lt;not&gt; ELF/)
  expect(words(html)).toMatch(/mac online .* passed .* was known to fail: its linker/)
})

test('the matrix shows a running attempt beside the newest result', () => {
  const active = {
    jobId: 50,
    attempt: '50.1',
    buildId: 13,
    state: 'running',
    step: 'tests',
    since: hoursAgo(2),
  } as const
  expect(words(tableHtml(matrixOf([cellOf('vax', { last: passed, active })])))).toMatch(
    /passed 5 h .* running tests 2 h$/,
  )
  expect(words(tableHtml(matrixOf([cellOf('vax', { active })])))).toMatch(/first run running tests 2 h$/)
})

test('a cell shows its variant, and in a matrix of several projects also its project', () => {
  const cells = [cellOf('vax', { variant: 'static' })]
  expect(words(tableHtml(matrixOf(cells)))).toContain(' static never ran')
  expect(words(tableHtml(matrixOf(cells, { projects: ['sample', 'other'] })))).toContain(' sample static never ran')
})

test('an architecture without a cell has no column', () => {
  expect(words(tableHtml(matrixOf([cellOf('vax')])))).toMatch(/^host amd64 vax/)
})

test('the matrix escapes text from a host', () => {
  const [host] = matrixOf([cellOf('vax')]).hosts
  if (!host) throw new Error('no host')
  const hostile = { ...host, system: '<script>', refusal: '"><img src=x>' }
  const html = tableHtml(matrixOf([cellOf('vax')], { hosts: [hostile] }))
  expect(html).not.toMatch(/<script|<img/)
})

test('the title attribute of a host contains the whole name, because the column can cut it', () => {
  const name = 'rack-2.basement.'.repeat(3).slice(0, 40)
  expect(tableHtml(matrixOf([cellOf(name)]))).toContain(`<a href=/hosts/${name} title="${name}">${name}</a>`)
})

test('the matrix shows that a host is silent and that its disk is full', () => {
  const [host] = matrixOf([cellOf('vax')]).hosts
  if (!host) throw new Error('no host')
  const quiet = { ...host, presence: 'silent' as const, lastSeenAt: hoursAgo(7), refusal: 'disk-full 12 MB free' }
  expect(words(tableHtml(matrixOf([cellOf('vax')], { hosts: [quiet] })))).toContain(
    'vax silent 7 h NetBSD 5.1 i386 takes no jobs: disk-full 12 MB free',
  )
})

test.each([
  [1, 1, 0, ''],
  [1, 6, 0, 'only here'],
  [2, 6, 0, '2 of 6 cells'],
  [6, 6, 0, 'all 6 cells'],
  [1, 1, 3, '1 of 1 finished cell; 3 not finished'],
  [2, 2, 1, '2 of 2 finished cells; 1 not finished'],
])('if %i of %i cells fail in the same way and %i have not finished, the matrix shows %j', (same, of, notYet, text) =>
  expect(spread(same, of, notYet)).toBe(text),
)

test('if a lost job runs again, the matrix shows the word "retrying"', () => {
  const lost = { ...passed, verdict: 'lost' as const }
  const active = { jobId: 41, attempt: '41.2', buildId: 12, state: 'running', step: null, since: hoursAgo(1) } as const
  const cells = [cellOf('vax', { last: lost, active, status: 'running', retrying: true })]
  expect(words(tableHtml(matrixOf(cells)))).toContain(' retrying 5 h')
})

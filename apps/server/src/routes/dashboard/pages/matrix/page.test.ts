import { type Cause, type Glance, type GlanceCell, type Look, looks } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { spread } from './news.tsx'
import { renderMatrixBody, renderMatrixPage } from './page.tsx'
import { type MatrixView, matrixPath } from './view.ts'

const at = new Date('2024-05-06T07:08:09Z')
const hoursAgo = (hours: number) => new Date(at.getTime() - hours * 3_600_000)
const visit = { at, admin: false, csrf: undefined, path: '/', publicPath: '', configErrors: [] }

const milestone = (buildId: number, letter: string, hours: number) => ({
  buildId,
  jobId: null,
  commit: letter.repeat(40),
  at: hoursAgo(hours),
})

const cell = (host: string, changes: Partial<GlanceCell> = {}): GlanceCell => ({
  project: 'base',
  branch: 'main',
  host,
  arch: 'ppc64',
  variant: 'default',
  look: 'new',
  step: 'build',
  timedOut: false,
  sinceMs: hoursAgo(2).getTime(),
  activity: null,
  jobId: 41,
  fingerprint: null,
  since: milestone(12, 'd', 2),
  lastGood: milestone(11, 'c', 9),
  active: null,
  ...changes,
})

const cause = (changes: Partial<Cause> = {}): Cause => ({
  project: 'base',
  branch: 'main',
  kind: 'new',
  step: 'build',
  timedOut: false,
  fingerprint: null,
  since: milestone(12, 'd', 2),
  lastGood: milestone(11, 'c', 9),
  hosts: ['vax', 'alpha', 'sun'],
  of: 60,
  before: 0,
  cells: [cell('vax'), cell('alpha'), cell('sun')],
  commits: null,
  author: null,
  subject: null,
  message: null,
  reached: null,
  ...changes,
})

const glanceOf = (changes: Partial<Glance> = {}): Glance => ({
  at,
  projects: ['base'],
  branches: [{ project: 'base', shown: 'main', built: ['main'] }],
  columns: [],
  groups: [],
  choices: { projects: ['base', 'docs'], variants: ['default'], os: ['NetBSD'], arches: ['ppc64'] },
  empty: { hosts: [], arches: [] },
  counts: Object.fromEntries(looks.map(look => [look, 0])) as Record<Look, number>,
  changes: { new: 0, unconfirmed: 0, fixed: 0, still: 0 },
  news: { failing: [], fixed: [], still: [], silent: [], longestWait: null },
  ...changes,
})

const page = (changes: Partial<Glance> = {}, view: MatrixView = {}) =>
  renderMatrixPage(visit, renderMatrixBody({ publicPath: '', glance: glanceOf(changes), view }))
const words = (html: string) =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim()

test('a new failure has its step, age, commit, hosts and jobs on one line', () => {
  const html = page({ news: { ...glanceOf().news, failing: [cause()] } })
  expect(words(html)).toContain('base build 2 h · #12 ddddddd · 3 of 60 hosts: ppc64 vax, ppc64 alpha, 1 more')
  expect(html).toContain('href="/jobs/41"')
})

test.each<[Partial<Cause>, string]>([
  [{ hosts: ['vax'], of: 60 }, 'only 1 of 60 hosts'],
  [{ hosts: ['vax'], of: 1 }, 'its only host'],
  [{ hosts: ['vax', 'sun'], of: 2 }, 'all 2 hosts'],
  [{ hosts: ['vax', 'sun'], of: 9, before: 3 }, '2 of 9 hosts, 3 more before'],
  [{ hosts: ['vax'], of: 9, reached: 4 }, 'only 1 of 9 hosts, 5 have no result yet'],
])('of a failure %j, the page says: %s', (changes, text) => expect(spread(cause(changes))).toBe(text))

test('if one commit is left, a new failure names its author; otherwise it counts the commits', () => {
  const named = cause({ commits: 1, author: 'Ruth Okafor', subject: 'align sysent', message: 'a.c:1: error: no' })
  const html = page({ news: { ...glanceOf().news, failing: [named, cause({ commits: 4 })] } })
  expect(words(html)).toContain(
    '2 h · #12 ddddddd Ruth Okafor · 3 of 60 hosts: ppc64 vax, ppc64 alpha, 1 more a.c:1: error: no',
  )
  expect(words(html)).toContain('2 h · #12 ddddddd · one of 4 commits · 3 of 60 hosts')
})

test('old failures are folded, silent hosts and the longest wait are visible', () => {
  const queued = { jobId: 50, host: 'sun', arch: 'ppc64', since: hoursAgo(4) }
  const still = [1, 2, 3].map(number => cause({ kind: 'still', since: milestone(number, 'a', number * 1000) }))
  const html = page({
    news: { failing: [], fixed: [], still, silent: [{ host: 'jornada', since: hoursAgo(72) }], longestWait: queued },
  })
  expect(html).toContain('<details id="still"><summary>')
  expect(words(html)).toContain('Still failing 3 in 3 groups, oldest for 4 months')
  expect(words(html)).toContain('1 silent host jornada for 3 d')
  expect(words(html)).toContain('Longest wait ppc64 sun 4 h')
})

test('the filters are in the address, and the formats of the matrix keep project and branch', () => {
  const view: MatrixView = { project: 'base', branch: 'fix/1', os: 'NetBSD', trouble: true }
  expect(matrixPath(view)).toBe('/?project=base&branch=fix%2F1&os=NetBSD&trouble=1')
  expect(matrixPath(view, { trouble: false, branch: undefined })).toBe('/?project=base&os=NetBSD')
  const html = page({ branches: [{ project: 'base', shown: 'fix/1', built: ['fix/1', 'main'] }] }, view)
  expect(html).toContain('<option value="fix/1" selected>fix/1</option>')
  expect(html).toContain('<input type="hidden" name="trouble" value="1"/>')
  expect(html).toContain('href="/api/v1/matrix?project=base&amp;branch=fix%2F1&amp;format=csv"')
})

test('the counts of the statuses are filters; a second click removes the filter', () => {
  const counts = { ...glanceOf().counts, lost: 2 }
  expect(page({ counts })).toContain('<a href="/?status=lost" class="lost"><b>2</b> lost</a>')
  expect(page({ counts }, { status: 'lost' })).toContain('<a href="/" class="lost" aria-current="true">')
})

test('a line names the hosts and arches without a box', () => {
  const empty = { hosts: ['vax'], arches: Array.from({ length: 12 }, (_, index) => `arch${index}`) }
  expect(words(page({ empty, groups: [{ os: 'NetBSD', rows: [] }] }))).toContain(
    'Hidden, because they have no box here: 12 architectures (arch0, arch1, arch2, arch3, arch4, arch5, arch6 and 5 more) and 1 host (vax). Show them',
  )
})

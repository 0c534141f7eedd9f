import { describe, expect, test } from 'vitest'
import { type BoxFilter, boxKey, composeGlance, hostFilter } from './glance.rule.ts'
import type { GlanceCell } from './glance-cell.rule.ts'
import { foldBox, type Look } from './look.rule.ts'
import type { MatrixHost } from './matrix.rule.ts'

const at = new Date('2024-05-06T07:08:09Z')
const milestone = { buildId: 1, jobId: null, commit: 'c1', at }

const host = (name: string, os: string, arches: string): MatrixHost => ({
  name,
  os,
  release: '1',
  system: os,
  presence: 'online',
  lastSeenAt: at,
  refusal: null,
  arches: arches.split(' ').map(arch => ({ arch, kind: 'native', compiler: 'cc', unable: null })),
  rules: [],
})

const hosts = [
  host('aix', 'AIX', 'ppc'),
  host('beastie', 'FreeBSD', 'amd64 i386'),
  host('idle', 'NetBSD', 'vax'),
  host('zen', 'NetBSD', 'amd64 sparc64'),
]

const cellOf = (text: string): GlanceCell => {
  const [name = '', arch = '', look] = text.split(' ')
  const facts = {
    step: 'build',
    timedOut: false,
    sinceMs: 0,
    activity: null,
    jobId: 7,
    fingerprint: null,
    active: null,
  }
  const key = { project: 'base', branch: 'main', host: name, arch, variant: 'default' }
  return { ...key, ...facts, look: look as Look, since: milestone, lastGood: null }
}

const cells = ['zen amd64 new', 'zen sparc64 known', 'beastie i386 lost', 'aix ppc fixed'].map(cellOf)
const passed = new Map([
  [boxKey('zen', 'amd64'), 3],
  [boxKey('beastie', 'amd64'), 2],
])

const boxes = new Map(
  hosts.flatMap(({ name, arches }) =>
    arches.flatMap(({ arch }) => {
      const parts = cells.filter(cell => cell.host === name && cell.arch === arch)
      const box = foldBox(parts, passed.get(boxKey(name, arch)))
      return box.of > 0 ? [[boxKey(name, arch), box] as const] : []
    }),
  ),
)

const glance = (filter: BoxFilter = {}, given = boxes) =>
  composeGlance({
    at,
    projects: ['base'],
    offered: { projects: ['base', 'docs'], variants: ['default'] },
    branches: [],
    hosts,
    boxes: new Map([...given].filter(([key]) => filter.arch === undefined || key.endsWith(`\n${filter.arch}`))),
    cells,
    hostsOf: () => 3,
    longestWait: null,
    filter,
  })

const lines = (filter: BoxFilter = {}) => {
  const { columns, groups } = glance(filter)
  return [
    columns.map(({ arch }) => arch).join(' '),
    ...groups.flatMap(({ os, rows }) =>
      rows.map(
        row =>
          `${os} ${row.host.name}: ${row.boxes.map(box => (box ? `${box.look} ${box.count}/${box.of}` : '-')).join(', ')}`,
      ),
    ),
  ]
}

describe('the grid', () => {
  test.each<[string, BoxFilter, string[]]>([
    [
      'has rows by operating system, columns by family, and no empty rows and columns',
      {},
      [
        'amd64 i386 ppc sparc64',
        'NetBSD zen: new 1/4, -, -, known 1/1',
        'FreeBSD beastie: passed 2/2, lost 1/1, -, -',
        'AIX aix: -, -, fixed 1/1, -',
      ],
    ],
    ['of trouble', { trouble: true }, ['amd64 i386', 'NetBSD zen: new 1/4, -', 'FreeBSD beastie: -, lost 1/1']],
    ['of a status', { status: 'known' }, ['sparc64', 'NetBSD zen: known 1/1']],
    ['of an arch', { arch: 'amd64' }, ['amd64', 'NetBSD zen: new 1/4', 'FreeBSD beastie: passed 2/2']],
    ['of a system', { os: 'AIX' }, ['ppc', 'AIX aix: fixed 1/1']],
    ['of a host', { host: 'ZE' }, ['amd64 sparc64', 'NetBSD zen: new 1/4, known 1/1']],
    ['of nothing', { status: 'cancelled' }, ['']],
    [
      'with empty rows and columns',
      { empty: true, os: 'NetBSD' },
      ['amd64 sparc64 vax', 'NetBSD idle: -, -, -', 'NetBSD zen: new 1/4, known 1/1, -'],
    ],
  ])('%s', (_, filter, expected) => expect(lines(filter)).toEqual(expected))
})

test('the matrix names the hosts and arches without a box', () => {
  expect(glance().empty).toEqual({ hosts: ['idle'], arches: ['vax'] })
  expect(glance({ empty: true }).empty).toEqual({ hosts: [], arches: [] })
})

test('before the first build, the grid has all hosts and arches', () => {
  const { groups, columns } = glance({}, new Map())
  expect(groups.flatMap(({ rows }) => rows).length).toBe(4)
  expect(columns.length).toBe(5)
})

test('the counts of the looks do not depend on the filters of looks', () => {
  const { counts } = glance({ trouble: true, status: 'new' })
  expect(Object.entries(counts).filter(([, count]) => count > 0)).toEqual([
    ['new', 1],
    ['lost', 1],
    ['known', 1],
    ['fixed', 1],
    ['passed', 1],
  ])
})

test('the filters offer every project, system and arch, whatever the filter is', () => {
  expect(glance({ os: 'AIX', arch: 'ppc' }).choices).toEqual({
    projects: ['base', 'docs'],
    variants: ['default'],
    os: ['NetBSD', 'FreeBSD', 'AIX'],
    arches: ['amd64', 'i386', 'ppc', 'sparc64', 'vax'],
  })
})

test.each([
  ['rpi', 'rpi4', true],
  ['PI', 'rpi4', true],
  ['rpi*', 'rpi4', true],
  ['*pi', 'rpi4', false],
  ['r*i*4', 'rpi4', true],
  ['r*4*i', 'rpi4', false],
  ['rpi4*4', 'rpi4', false],
  ['*'.repeat(80), 'rpi4', true],
])('the host filter %j: %s belongs to it: %j', (text, name, belongs) => {
  expect(hostFilter({ host: text })({ name, os: 'NetBSD' })).toBe(belongs)
})

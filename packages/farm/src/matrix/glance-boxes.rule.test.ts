import type { ProjectConfig } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import type { Acknowledgement } from '../acknowledgements/acknowledged.rule.ts'
import { boxKey } from './glance.rule.ts'
import { bitsPerWord, foldBoxes, type Kind, type ReadCell, union, withKind } from './glance-boxes.rule.ts'
import { cellKey, type MatrixHost } from './matrix.rule.ts'
import type { ActiveAttempt } from './matrix-cell.rule.ts'

const at = new Date('2024-05-06T07:08:09Z')
const milestone = { buildId: 1, jobId: null, commit: 'c1', at: new Date(at.getTime() - 3_600_000) }

const project = (name: string, arches = ['*'], knownFailures: ProjectConfig['knownFailures'] = []) =>
  ({
    name,
    branches: ['main'],
    hosts: ['*'],
    arches,
    variants: { default: { env: {}, hosts: ['*'], arches: ['*'] } },
    knownFailures,
  }) as unknown as ProjectConfig

const base = project('base')
const docs = project('docs', ['amd64'])
const kindsOf = (...projects: ProjectConfig[]): Kind[] =>
  projects.map(one => ({ project: one, branch: 'main', variant: 'default' }))

const host = (name: string, changes: Partial<MatrixHost> = {}): MatrixHost => ({
  name,
  os: 'NetBSD',
  release: '10.1',
  system: 'NetBSD',
  presence: 'online',
  lastSeenAt: at,
  refusal: null,
  arches: ['amd64', 'vax'].map(arch => ({ arch, kind: 'native', compiler: 'cc', unable: null })),
  rules: [],
  ...changes,
})

const failure = (kind: number, arch: string, changes: Partial<ReadCell> = {}): ReadCell => ({
  kind,
  host: 'zen',
  arch,
  jobId: 7,
  verdict: 'failed',
  failedStep: 'build',
  state: 'newly-failing',
  fingerprint: null,
  flaky: false,
  testsMissing: false,
  since: milestone,
  changed: null,
  lastGood: milestone,
  ...changes,
})

const running: ActiveAttempt = { jobId: 9, attempt: '9.1', buildId: 2, state: 'running', step: 'tests', since: at }

const acknowledgement: Acknowledgement = {
  id: 1,
  project: 'base',
  kind: 'cell',
  fingerprint: null,
  branch: 'main',
  host: 'zen',
  arch: 'amd64',
  variant: 'default',
  note: 'known',
  owner: 'Ada',
  link: null,
  createdAt: at,
  expiresAt: at,
}

interface Given {
  kinds?: Kind[]
  hosts?: MatrixHost[]
  cells?: ReadCell[]
  passed?: [string, number[]][]
  active?: [string, ActiveAttempt][]
  acknowledged?: boolean
}

const fold = ({
  kinds = kindsOf(base, docs),
  hosts = [host('zen')],
  cells = [],
  passed = [],
  active = [],
  acknowledged = false,
}: Given) =>
  foldBoxes({
    atMs: at.getTime(),
    kinds,
    hosts,
    onlyArch: undefined,
    cells,
    known: new Map(passed),
    active: new Map(active),
    acknowledgements: acknowledged ? [acknowledgement] : [],
  })

const box = (given: Given, arch = 'amd64') => {
  const found = fold(given).boxes.get(boxKey('zen', arch))
  return found && `${[found.look, found.step].filter(Boolean).join(' ')} ${found.count}/${found.of}`
}
const amd64 = boxKey('zen', 'amd64')

describe('a box has every expected cell of its host and arch', () => {
  test.each<[string, string | undefined, Given]>([
    ['no cell has a result', 'never-ran 2/2', {}],
    ['every cell passed', 'passed 2/2', { passed: [[amd64, [0b11]]] }],
    ['one cell passed, and the other never ran', 'never-ran 1/2', { passed: [[amd64, [0b01]]] }],
    [
      'one cell fails, and the other passed',
      'new build 1/2',
      { cells: [failure(0, 'amd64')], passed: [[amd64, [0b10]]] },
    ],
    [
      'farm.yaml expects the failure',
      'known build 1/1',
      {
        kinds: kindsOf(project('base', ['*'], [{ because: 'x', hosts: ['*'], arches: ['*'], variants: ['*'] }])),
        cells: [failure(0, 'amd64')],
      },
    ],
    [
      'somebody acknowledged the failure',
      'known build 1/1',
      { kinds: kindsOf(base), cells: [failure(0, 'amd64')], acknowledged: true },
    ],
    [
      'a passed cell runs again',
      'running tests 1/2',
      { passed: [[amd64, [0b11]]], active: [[cellKey('base', 'zen', 'amd64', 'default'), running]] },
    ],
    [
      'a cell runs for the first time',
      'running tests 1/1',
      { kinds: kindsOf(base), active: [[cellKey('base', 'zen', 'amd64', 'default'), running]] },
    ],
    [
      'the host cannot build for the arch',
      'prevented 2/2',
      { hosts: [host('zen', { arches: [{ arch: 'amd64', kind: 'cross', compiler: 'cc', unable: 'no runner' }] })] },
    ],
    [
      "the host's owner allows only one project",
      'never-ran 1/2',
      { hosts: [host('zen', { rules: [{ verb: 'allow', project: 'docs', branches: [] }] })] },
    ],
    [
      'a result is of a cell that farm.yaml no longer expects',
      undefined,
      { kinds: kindsOf(docs), cells: [failure(0, 'vax')], passed: [[boxKey('zen', 'vax'), [1]]] },
    ],
  ])('if %s, it is %s', (title, expected, given) => {
    expect(box(given, title.includes('no longer') ? 'vax' : 'amd64')).toBe(expected)
  })
})

test('a farm can have more kinds of cells than a number has bits', () => {
  const kinds = kindsOf(...Array.from({ length: 65 }, (_, index) => project(`p${index}`)))
  const all = (1 << bitsPerWord) - 1
  expect(box({ kinds, passed: [[amd64, [all, all, 0b11111]]] })).toBe('passed 65/65')
  expect(box({ kinds, passed: [[amd64, [all, all, 0b01111]]] })).toBe('never-ran 1/65')
  expect(box({ kinds, passed: [[amd64, [all, all, 0b01111]]], cells: [failure(64, 'amd64')] })).toBe('new build 1/65')
})

test('a kind that has a cell passed, unless its cell was read', () => {
  expect(box({ cells: [failure(0, 'amd64')], passed: [[amd64, [0b11]]] })).toBe('new build 1/2')
})

test('sets of kinds can be built in any order', () => {
  expect(union(withKind(withKind([], 31), 2), withKind([], 0))).toEqual([0b101, 0b10])
})

test('only cells that did not simply pass are listed for the news', () => {
  const { cells, hosts } = fold({ cells: [failure(0, 'amd64')], passed: [[amd64, [0b10]]] })
  expect(cells.map(({ project: name, arch, look }) => `${name} ${arch} ${look}`)).toEqual(['base amd64 new'])
  expect([...hosts].map(([name, names]) => [name, names.size])).toEqual([
    ['base', 1],
    ['docs', 1],
  ])
})

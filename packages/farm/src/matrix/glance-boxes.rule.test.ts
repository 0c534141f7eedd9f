import type { ProjectConfig } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import type { Acknowledgement } from '../acknowledgements/acknowledged.rule.ts'
import { cellLook } from './box-query.ts'
import { boxKey } from './glance.rule.ts'
import { bitsPerWord, foldBoxes, type Kind, type ReadCell, union, withKind } from './glance-boxes.rule.ts'
import { foldBox, type Part } from './look.rule.ts'
import { cellKey, composeMatrix, type MatrixHost } from './matrix.rule.ts'
import type { ActiveAttempt, CellRecord, MatrixCell } from './matrix-cell.rule.ts'

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
const both = { ...base, variants: { ...base.variants, small: { env: {}, hosts: ['*'], arches: ['*'] } } }
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
    ['one project passed, and the other never ran', 'passed 1/2', { passed: [[amd64, [0b01]]] }],
    [
      'one project passed, and the owner of the host forbids the other',
      'passed 1/2',
      {
        passed: [[amd64, [0b10]]],
        hosts: [host('zen', { rules: [{ verb: 'allow', project: 'docs', branches: [] }] })],
      },
    ],
    [
      'one variant of a project passed, and the other never ran',
      'never-ran 1/3',
      {
        kinds: [...kindsOf(both, docs), { project: both, branch: 'main', variant: 'small' }],
        passed: [[amd64, [0b011]]],
      },
    ],
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
  expect(box({ kinds, passed: [[amd64, [all, all, 0b01111]]] })).toBe('passed 64/65')
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

/** Numbers from 0 to 1 that look random; the same for the same seed. */
function randomOf(seed: number) {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

/** A farm with all kinds of cells, hosts and attempts. */
function randomFarm(seed: number) {
  const random = randomOf(seed)
  const one = <Item>(...items: readonly [Item, ...Item[]]): Item => items[Math.floor(random() * items.length)] as Item
  const expected = { because: 'x', hosts: ['h*'], arches: ['amd64', 'v*'], variants: ['small'], step: 'tests' }
  const projects = ['base', 'docs', 'tools'].map(name => ({
    ...project(name, one(['*'], ['amd64', 'vax']), one([], [expected])),
    variants: {
      default: { env: {}, hosts: ['*'], arches: ['*'] },
      small: { env: {}, hosts: one(['*'], ['h1', 'h2']), arches: ['*'] },
    },
  })) as unknown as ProjectConfig[]
  const hosts = ['h1', 'h2', 'h3', 'zen'].map(name =>
    host(name, {
      rules: one<MatrixHost['rules']>([], [{ verb: 'deny', project: 'docs', branches: [] }]),
      arches: ['amd64', 'ppc', 'vax'].map(arch => ({
        arch,
        kind: 'native',
        compiler: 'cc',
        unable: one(null, null, 'no runner'),
      })),
    }),
  )
  const kinds = projects.flatMap(own =>
    Object.keys(own.variants).map(variant => ({ project: own, branch: 'main', variant })),
  )
  const cells: ReadCell[] = []
  const passed = new Map<string, number[]>()
  const records = new Map<string, CellRecord>()
  const active = new Map<string, ActiveAttempt>()
  const plain = {
    attempt: '7.1',
    message: null,
    expectedMs: null,
    buildId: 1,
    commit: 'c1',
    position: 1,
    finishedAt: at,
  }
  const before = (hours: number) => ({ ...milestone, at: new Date(at.getTime() - hours * 3_600_000) })
  for (const [kind, { project: own, variant }] of kinds.entries())
    for (const { name, arches } of hosts)
      for (const { arch } of arches) {
        const key = cellKey(own.name, name, arch, variant)
        const simple = failure(kind, arch, {
          host: name,
          verdict: 'passed',
          failedStep: null,
          state: 'passing',
          since: before(9),
        })
        const cell = one<ReadCell | null>(null, simple, simple, {
          ...simple,
          verdict: one('passed', 'failed', 'timed-out', 'lost', 'cancelled'),
          failedStep: one('build', 'tests'),
          state: one('newly-failing', 'newly-failing-unconfirmed', 'still-failing', 'fixed', 'flaky', 'failing'),
          fingerprint: one(null, 'f1'),
          flaky: one(false, false, true),
          testsMissing: one(false, false, true),
          since: before(one(1, 5, 30, 4_000)),
          lastGood: one(null, milestone),
        })
        if (cell) passed.set(boxKey(name, arch), withKind(passed.get(boxKey(name, arch)) ?? [], kind))
        if (cell && cell !== simple) cells.push(cell)
        if (cell) records.set(key, { ...plain, ...cell, flakiness: { flaky: cell.flaky, results: 1, changes: 0 } })
        if (random() < 0.3)
          active.set(key, { ...running, state: one('running', 'queued', 'waiting'), since: before(one(1, 2, 3)).at })
      }
  const acknowledgements = [
    { ...acknowledgement, kind: one<Acknowledgement['kind']>('cell', 'fingerprint'), fingerprint: one(null, 'f1') },
  ]
  return { projects, hosts, kinds, cells, passed, records, active, acknowledgements }
}

/** The part of a cell by the rules of a single cell. */
function partOf(cell: MatrixCell): Part {
  const { last, active } = cell
  const look = cellLook(cell, at)
  const runs = look === 'running' || look === 'queued'
  const state = active?.state ?? null
  return {
    look,
    step: runs ? (active?.step ?? null) : (last?.failedStep ?? null),
    timedOut: !runs && last?.verdict === 'timed-out',
    sinceMs: (runs ? active?.since : last?.since.at)?.getTime() ?? null,
    activity: state === null ? null : state === 'running' || state === 'leased' ? 'running' : 'queued',
  }
}

test('of many random farms, the boxes are the same as those of the single cells', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { projects, hosts, kinds, cells, passed, records, active, acknowledgements } = randomFarm(seed)
    const { boxes } = foldBoxes({
      atMs: at.getTime(),
      kinds,
      hosts,
      onlyArch: undefined,
      cells,
      known: passed,
      active,
      acknowledgements,
    })
    const branches = new Map(projects.map(({ name }) => [name, { shown: 'main', built: ['main'] }]))
    const matrix = composeMatrix({ at, projects, branches, hosts, records, active, acknowledgements })
    const parts = new Map<string, { project: string; part: Part }[]>()
    for (const cell of matrix.cells) {
      const key = boxKey(cell.host, cell.arch)
      parts.set(key, [...(parts.get(key) ?? []), { project: cell.project, part: partOf(cell) }])
    }
    const hasRun = ({ part: { look } }: { part: Part }) => look !== 'never-ran' && look !== 'prevented'
    const boxOf = (all: { project: string; part: Part }[]) => {
      const present = new Set(all.filter(hasRun).map(({ project }) => project))
      const partsOf = (wanted: boolean) =>
        all.filter(({ project }) => present.has(project) === wanted).map(({ part }) => part)
      return foldBox(partsOf(true), 0, partsOf(false))
    }
    // The farm does not read when a cell that passed began to pass, and no box shows it.
    const comparable = ([key, { sinceMs, step, ...rest }]: [string, ReturnType<typeof foldBox>]) => [
      key,
      { ...rest, ...(rest.look === 'passed' ? {} : { sinceMs, step }) },
    ]
    const expected = [...parts].map(([key, own]) => comparable([key, boxOf(own)]))
    expect(new Map([...boxes].map(comparable) as [string, unknown][]), `seed ${seed}`).toEqual(
      new Map(expected as [string, unknown][]),
    )
  }
})

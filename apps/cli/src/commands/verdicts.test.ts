import { expect, test } from 'vitest'
import { plain } from '../terminal/style.ts'
import { partOf } from './log.ts'
import { groupFailures, lookOf, type MatrixCell, matrixExit } from './looks.ts'
import { gridLines } from './matrix.ts'
import { buildExit, countsText, verdictExit } from './verdicts.ts'

test.each([
  [{}, 3],
  [{ passed: 2 }, 0],
  [{ passed: 2, failed: 1 }, 1],
  [{ passed: 2, 'timed-out': 1 }, 1],
  [{ failed: 1, running: 3 }, 1],
  [{ passed: 2, running: 1 }, 3],
  [{ passed: 2, lost: 1 }, 3],
  [{ passed: 2, broken: 1 }, 3],
  [{ passed: 2, cancelled: 1 }, 3],
] as const)('a build with %j exits with %d', (counts, exit) => expect(buildExit(counts)).toBe(exit))

test.each([
  ['passed', 0],
  ['failed', 1],
  ['timed-out', 1],
  ['lost', 3],
  ['broken', 3],
  ['cancelled', 3],
  [null, 3],
] as const)('a job with the verdict %s exits with %d', (verdict, exit) => expect(verdictExit(verdict)).toBe(exit))

test('counts name the failures first', () =>
  expect(countsText({ passed: 5, failed: 2, running: 1 })).toBe('2 failed, 5 passed, 1 running'))

type Last = NonNullable<MatrixCell['last']>

const cell = (last: Partial<Last> | null, changes: Partial<MatrixCell> = {}): MatrixCell => ({
  ...{ project: 'p', branch: 'main', host: 'vax', arch: 'vax', variant: 'default' },
  ...{ acknowledged: null, active: null, alike: { cells: 0, notYet: 0, of: 0 }, known: null, prevented: null },
  last:
    last &&
    ({
      verdict: 'failed',
      state: 'still-failing',
      since: { commit: 'c1', at: '2024-05-06T07:08:09Z', buildId: 1 },
      jobId: 9,
      failedStep: 'build',
      fingerprint: 'f',
      message: 'boom',
      ...last,
    } as Last),
  ...changes,
})

test.each([
  [cell(null), 'never', 3],
  [cell(null, { prevented: 'the owner' }), 'unexpected', 3],
  [cell({ verdict: 'passed', state: 'passing' }), 'passed', 0],
  [cell({ verdict: 'passed', state: 'fixed' }), 'passed', 0],
  [cell({ verdict: 'passed', state: 'flaky' }), 'flaky', 0],
  [cell({ verdict: 'lost', state: 'unknown' }), 'none', 3],
  [cell({}), 'old', 1],
  [cell({ state: 'newly-failing' }), 'new', 1],
  [cell({ state: 'failing-differently' }), 'new', 1],
  [cell({ state: 'newly-failing-unconfirmed' }), 'unconfirmed', 1],
  [cell({}, { known: 'its linker' }), 'known', 0],
  [cell({}, { acknowledged: { expiresAt: '', id: 1, link: null, note: '', owner: '' } }), 'known', 0],
])('a cell looks %#', (one, look, exit) => {
  expect(lookOf(one)).toBe(look)
  expect(matrixExit([one])).toBe(exit)
})

test('equal failures are one group, and new failures are first', () => {
  const cells = [
    cell({}, { host: 'a' }),
    cell({}, { host: 'b' }),
    cell({ state: 'newly-failing', fingerprint: 'g' }, { host: 'c' }),
    cell({ verdict: 'passed', state: 'passing' }, { host: 'd' }),
  ]
  expect(groupFailures(cells).map(({ fingerprint, cells }) => [fingerprint, cells.map(({ host }) => host)])).toEqual([
    ['g', ['c']],
    ['f', ['a', 'b']],
  ])
})

test('a grid that is wider than the terminal has several bands', () => {
  const box = (word: string) => ({ word, colour: undefined })
  const grid = {
    arches: ['amd64', 'arm', 'mips'],
    rows: [{ host: 'vax', boxes: [box('ok'), box('FAIL 2/8'), box('-')] }],
  }
  expect(gridLines(grid, { style: plain, columns: Number.POSITIVE_INFINITY })).toEqual([
    'HOST  amd64  arm       mips',
    'vax   ok     FAIL 2/8  -',
  ])
  expect(gridLines(grid, { style: plain, columns: 22 })).toEqual([
    'HOST  amd64  arm',
    'vax   ok     FAIL 2/8',
    '',
    'HOST  mips',
    'vax   -',
  ])
})

const step = (name: string, logBytes: number) => ({ name, logBytes, exit: 0, milliseconds: 5 })
const recipe = ['fetch', 'build', 'tests']

test.each([
  ['no step', 'running', [], undefined, { start: 0, end: undefined }],
  ['the first step', 'finished', [step('fetch', 10), step('build', 30)], 'fetch', { start: 0, end: 10 }],
  ['a later step', 'finished', [step('fetch', 10), step('build', 30)], 'build', { start: 10, end: 30 }],
  ['the running step', 'running', [step('fetch', 10)], 'build', { start: 10, end: undefined }],
  ['a step that has not begun', 'running', [step('fetch', 10)], 'tests', undefined],
  ['a step that did not run', 'finished', [step('fetch', 10)], 'build', undefined],
] as const)('%s of a log has its bytes', (_, state, steps, wanted, expected) =>
  expect(partOf({ state, steps: [...steps] }, recipe, wanted)).toEqual(expected),
)

import type { Matrix, MatrixCell } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { matrixCsv, matrixText } from './matrix-formats.ts'

const at = new Date('2024-05-06T07:08:09Z')
const milestone = { buildId: 1, jobId: null, commit: '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de', at }

const cell = (host: string, arch: string, changes: Partial<MatrixCell> = {}): MatrixCell => ({
  host,
  arch,
  project: 'sample',
  branch: 'main',
  variant: 'default',
  status: 'never-ran',
  retrying: false,
  last: null,
  active: null,
  prevented: null,
  known: null,
  acknowledged: null,
  alike: { cells: 0, of: 0, notYet: 0 },
  ...changes,
})

const ended = (verdict: 'passed' | 'failed', failedStep: string | null): MatrixCell['last'] => ({
  jobId: 7,
  attempt: '7.1',
  state: verdict === 'passed' ? 'passing' : 'still-failing',
  fingerprint: null,
  message: null,
  flakiness: { flaky: false, results: 1, changes: 0 },
  expectedMs: null,
  testsMissing: false,
  buildId: 2,
  commit: milestone.commit,
  position: 2,
  verdict,
  failedStep,
  finishedAt: at,
  since: milestone,
  changed: null,
  lastGood: null,
})

const waiting = { jobId: 9, attempt: '9.1', buildId: 3, state: 'running', step: 'build', since: at } as const

const matrix = (cells: MatrixCell[]) => ({ cells }) as Matrix

test('the text format has a table for each project and variant, with hosts as rows and arches as columns', () => {
  const cells = [
    cell('sun', 'arm', { active: { ...waiting, state: 'waiting', step: null } }),
    cell('vax', 'amd64', { last: ended('failed', 'tests'), active: waiting }),
    cell('vax', 'arm', { last: ended('passed', null) }),
    cell('vax', 'arm', { variant: 'static' }),
  ]
  expect(matrixText(matrix(cells))).toBe(`sample main

host  amd64                                                         arm
sun   -                                                             arm: never ran (waiting)
vax   amd64: failed tests since 98e9cc9 2024-05-06 (running build)  arm: passed since 98e9cc9 2024-05-06

sample main static

host  arm
vax   arm: never ran
`)
})

test('the text format gives the reason of a known failure, even if the cell passes again', () => {
  const known = 'its linker'
  expect(matrixText(matrix([cell('mac', 'amd64', { last: ended('failed', 'build'), known })]))).toContain(
    'failed build since 98e9cc9 2024-05-06; known to fail: its linker\n',
  )
  expect(matrixText(matrix([cell('mac', 'amd64', { last: ended('passed', null), known })]))).toContain(
    'passed since 98e9cc9 2024-05-06; was known to fail: its linker\n',
  )
})

test('if a lost job runs again, the text format shows the word "retrying"', () => {
  const lost = { ...ended('passed', null), verdict: 'lost' } as MatrixCell['last']
  const cells = [cell('vax', 'amd64', { last: lost, active: { ...waiting, jobId: 7 }, retrying: true })]
  expect(matrixText(matrix(cells))).toContain('retrying since 98e9cc9 2024-05-06 (running build)\n')
})

test('if a cell failed differently before, the text format names the first commit with the new failure', () => {
  const last = { ...ended('failed', 'build'), changed: { ...milestone, commit: 'd'.repeat(40) } } as MatrixCell['last']
  expect(matrixText(matrix([cell('vax', 'amd64', { last })]))).toContain(
    'failed build since 98e9cc9 2024-05-06, different failure before ddddddd\n',
  )
})

test('the text format says that a failure is new, flaky or acknowledged', () => {
  const flakiness = { flaky: true, results: 12, changes: 5 }
  const last = { ...ended('failed', 'build'), state: 'newly-failing-unconfirmed', flakiness } as MatrixCell['last']
  const acknowledged = { owner: 'Ada', note: 'bug 7' } as MatrixCell['acknowledged']
  expect(matrixText(matrix([cell('vax', 'amd64', { last, acknowledged })]))).toContain(
    'amd64: failed build since 98e9cc9 2024-05-06; newly failing, unconfirmed; flaky, 5 changes in 12 results; acknowledged by Ada: bug 7\n',
  )
})

test('the text and CSV formats say that a cell lost its tests', () => {
  const last = { ...ended('passed', null), testsMissing: true } as MatrixCell['last']
  const lost = matrix([cell('vax', 'amd64', { last })])
  expect(matrixText(lost)).toContain('amd64: passed since 98e9cc9 2024-05-06; tests missing\n')
  expect(matrixCsv(lost)).toMatch(/,testsMissing\r\n.*,yes\r\n$/)
})

test('the text format explains why a matrix has no cells', () => expect(matrixText(matrix([]))).toMatch(/^No cells:/))

test.each([
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1+1', "'+1+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['a=b', 'a=b'],
])('the CSV format writes %j so that a spreadsheet reads text and not a formula', (text, field) => {
  expect(matrixCsv(matrix([cell('vax', 'arm', { last: ended('failed', null), known: text })]))).toContain(
    `,${field},still-failing,,,no,,,no\r\n`,
  )
})

test('the CSV format has a line for each cell, and quotes a field if necessary', () => {
  const lines = matrixCsv(
    matrix([cell('vax', 'arm', { last: ended('failed', 'a "b", c') }), cell('sun', 'arm')]),
  ).split('\r\n')
  expect(lines).toEqual([
    'host,arch,project,branch,variant,verdict,failedStep,commit,jobId,buildId,finishedAt,sinceCommit,sinceAt,lastGoodCommit,lastGoodAt,activeState,activeStep,prevented,known,state,fingerprint,message,flaky,acknowledged,expectedMs,testsMissing',
    `vax,arm,sample,main,default,failed,"a ""b"", c",${milestone.commit},7,2,2024-05-06T07:08:09.000Z,${milestone.commit},2024-05-06T07:08:09.000Z,,,,,,,still-failing,,,no,,,no`,
    'sun,arm,sample,main,default,,,,,,,,,,,,,,,,,,,,,',
    '',
  ])
})

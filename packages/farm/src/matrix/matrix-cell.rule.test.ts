import type { Verdict } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { type ActiveAttempt, type CellRecord, cellStatus, isRetrying, type MatrixCell } from './matrix-cell.rule.ts'
import { summarize } from './summary.rule.ts'
import { groupTroubles } from './troubles.rule.ts'

const hour = (number: number) => new Date(Date.UTC(2024, 4, 6, number))
const milestone = (buildId: number, at: number) => ({ buildId, jobId: null, commit: `commit ${buildId}`, at: hour(at) })

const ended = (verdict: Verdict, changes: Partial<CellRecord> = {}): CellRecord => ({
  jobId: 41,
  attempt: '41.1',
  state: verdict === 'passed' ? 'passing' : 'still-failing',
  fingerprint: null,
  message: null,
  flakiness: { flaky: false, results: 1, changes: 0 },
  expectedMs: null,
  testsMissing: false,
  buildId: 12,
  commit: 'commit 12',
  position: 2,
  verdict,
  failedStep: verdict === 'failed' ? 'build' : null,
  finishedAt: hour(23),
  since: milestone(11, 20),
  changed: null,
  lastGood: null,
  ...changes,
})

const active = (state: ActiveAttempt['state'], jobId = 50): ActiveAttempt => ({
  jobId,
  attempt: `${jobId}.1`,
  buildId: 13,
  state,
  step: null,
  since: hour(23),
})

const cell = (changes: Partial<MatrixCell> = {}): MatrixCell => {
  const facts = { last: null, active: null, prevented: null, known: null, acknowledged: null, ...changes }
  return {
    host: 'vax',
    arch: 'amd64',
    project: 'sample',
    branch: 'main',
    variant: 'default',
    status: cellStatus(facts),
    retrying: isRetrying(facts),
    ...facts,
    alike: changes.alike ?? { cells: 0, of: 0, notYet: 0 },
  }
}

describe('the status of a cell', () => {
  test.each<[string, string, Partial<MatrixCell>, boolean]>([
    ['no attempt has finished', 'never-ran', {}, false],
    ['the first attempt runs', 'never-ran', { active: active('running') }, false],
    ['no attempt has finished, and the owner does not allow any', 'prevented', { prevented: 'not allowed' }, false],
    ['it passed, and now the host has no compiler', 'passed', { last: ended('passed'), prevented: 'no cc' }, false],
    ['it failed', 'failed', { last: ended('failed') }, false],
    ['it failed, and a new build runs', 'failed', { last: ended('failed'), active: active('running') }, false],
    [
      'it failed, and farm.yaml expects the failure',
      'known-failure',
      { last: ended('failed'), known: 'its linker' },
      false,
    ],
    ['it passed, though farm.yaml expects a failure', 'passed', { last: ended('passed'), known: 'its linker' }, false],
    ['it was lost', 'lost', { last: ended('lost') }, false],
    [
      'it was lost, and the same job waits for another attempt',
      'queued',
      { last: ended('lost'), active: active('queued', 41) },
      true,
    ],
    ['it was lost, and a newer job runs', 'running', { last: ended('lost'), active: active('running') }, false],
    ['it was cancelled', 'cancelled', { last: ended('cancelled') }, false],
  ])('if %s, the cell has the status %s', (_, status, facts, retrying) =>
    expect(cell(facts)).toMatchObject({ status, retrying }),
  )
})

test('the summary counts every cell once, and active attempts separately', () => {
  const cells = [
    cell({ last: ended('passed'), active: active('queued') }),
    cell({ last: ended('failed') }),
    cell({ last: ended('timed-out'), known: 'its clock' }),
    cell({ last: ended('cancelled') }),
    cell({ prevented: 'not allowed' }),
    cell({ active: active('leased') }),
  ]
  expect(summarize(cells)).toEqual({
    cells: 6,
    passed: 1,
    failing: 1,
    knownFailures: 1,
    neverRan: 1,
    prevented: 1,
    cancelled: 1,
    running: 1,
    waiting: 1,
  })
})

describe('groups of failures', () => {
  test('cells that failed in the same way are one group, and the newest group is first', () => {
    const cells = [
      cell({ last: ended('failed', { since: milestone(3, 9) }) }),
      cell({ last: ended('failed', { since: milestone(2, 3) }) }),
      cell({ last: ended('failed', { failedStep: 'tests', since: milestone(4, 11) }) }),
      cell({ last: ended('passed') }),
    ]
    expect(groupTroubles(cells).map(({ step, cells: { length }, since }) => [step, length, since.buildId])).toEqual([
      ['tests', 1, 4],
      ['build', 2, 2],
    ])
  })

  test('a group starts at the first build that failed in this way, even if earlier builds failed in another way', () => {
    const last = ended('failed', { since: milestone(11, 1), changed: milestone(12, 5) })
    expect(groupTroubles([cell({ last }), cell({ last })])).toMatchObject([
      { since: { buildId: 12 }, failing: { buildId: 11 } },
    ])
  })

  test('if two cells of a group failed at the same commit, the group counts the results of this commit once', () => {
    const alike = { cells: 1, of: 3, notYet: 2 }
    const cells = [cell({ last: ended('failed'), alike }), cell({ last: ended('failed'), alike })]
    expect(groupTroubles(cells)).toMatchObject([{ of: 4, notYet: 2 }])
  })

  test('a group contains neither known failures nor lost attempts that run again', () => {
    const cells = [
      cell({ last: ended('failed'), known: 'its linker' }),
      cell({ last: ended('lost'), active: active('running', 41) }),
    ]
    expect(groupTroubles(cells)).toEqual([])
  })
})

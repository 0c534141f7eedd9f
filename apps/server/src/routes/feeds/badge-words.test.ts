import type { MatrixCell } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { badgeWords } from './badge-words.ts'
import { activeRun, lastRun, testCell } from './test-cell.fixture.ts'

const passed = testCell()
const failed = testCell({ last: lastRun({ verdict: 'failed', state: 'newly-failing' }) })
const late = testCell({ last: lastRun({ verdict: 'timed-out', state: 'still-failing' }) })
const known = { ...failed, known: 'no FPU' }
const lost = testCell({ last: lastRun({ verdict: 'lost', state: 'unknown' }) })
const cancelled = testCell({ last: lastRun({ verdict: 'cancelled', state: 'unknown' }) })
const flaky = testCell({ last: lastRun({ flakiness: { flaky: true, results: 9, changes: 4 } }) })
const flakyFailure = testCell({ last: lastRun({ verdict: 'failed', state: 'flaky' }) })
const testless = testCell({ last: lastRun({ testsMissing: true }) })
const never = testCell({ last: null })
const prevented = testCell({ last: null, prevented: 'the owner does not allow it' })
const building = { ...passed, active: activeRun('running') }
const failedBuilding = { ...failed, active: activeRun('running') }

test.each<[string, MatrixCell[], string, string]>([
  ['no cell', [], 'no results', 'lightgrey'],
  ['a cell that never ran', [never], 'no results', 'lightgrey'],
  ['a cancelled cell', [cancelled], 'no results', 'lightgrey'],
  ['a cell that cannot run', [prevented], 'no results', 'lightgrey'],
  ['a passed cell', [passed], 'passing', 'brightgreen'],
  ['passed cells, one of them runs again', [passed, building], 'passing', 'brightgreen'],
  ['passed cells, and one that cannot run', [passed, prevented], 'passing', 'brightgreen'],
  ['passed cells, and one that never ran', [passed, passed, never], '2 of 3 passing', 'green'],
  ['a failed cell', [failed], 'failing', 'red'],
  ['a failed cell that runs again', [failedBuilding], 'failing', 'red'],
  ['a failure and a timeout', [failed, late, passed], '2 of 3 failing', 'red'],
  ['a failure, and a lost job', [lost, failed], '1 of 2 failing', 'red'],
  ['a lost job', [lost], 'lost', 'orange'],
  ['a lost job of two', [lost, passed], '1 of 2 lost', 'orange'],
  ['a flaky cell that passed', [flaky, passed], '1 of 2 flaky', 'yellow'],
  ['a flaky cell that failed', [flakyFailure], 'flaky', 'yellow'],
  ['a pass without tests', [testless, passed], '1 of 2 without tests', 'yellow'],
  ['a failure that farm.yaml expects', [known, passed], '1 of 2 known to fail', 'yellowgreen'],
])('the badge of %s', (_, cells, message, color) => expect(badgeWords(cells)).toEqual({ message, color }))

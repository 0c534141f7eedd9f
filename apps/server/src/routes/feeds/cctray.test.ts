import type { MatrixCell } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { cctrayProject, cctrayXml } from './cctray.ts'
import { activeRun, lastRun, testCell } from './test-cell.fixture.ts'

const passed = testCell()
const failed = testCell({ last: lastRun({ verdict: 'failed', state: 'newly-failing' }) })
const known = { ...failed, known: 'no FPU' }
const lost = testCell({ last: lastRun({ verdict: 'lost', state: 'unknown' }) })
const never = testCell({ last: null })
const active = (cell: MatrixCell, state: 'waiting' | 'queued' | 'leased' | 'running') => ({
  ...cell,
  active: activeRun(state),
})

test.each<[string, MatrixCell[], string, string]>([
  ['no cell', [], 'Sleeping', 'Unknown'],
  ['a cell that never ran', [never], 'Sleeping', 'Unknown'],
  ['a passed cell', [passed], 'Sleeping', 'Success'],
  [
    'a passed cell whose next sources the farm fetches',
    [active(passed, 'waiting')],
    'CheckingModifications',
    'Success',
  ],
  ['a passed cell with a queued job', [active(passed, 'queued')], 'CheckingModifications', 'Success'],
  ['a failed cell that a host has claimed', [active(failed, 'leased')], 'Building', 'Failure'],
  ['a failed cell that runs again', [active(failed, 'running')], 'Building', 'Failure'],
  ['a queued and a running cell', [active(passed, 'queued'), active(passed, 'running')], 'Building', 'Success'],
  ['a first run', [active(never, 'running')], 'Building', 'Unknown'],
  ['a failure among passes', [passed, failed, lost], 'Sleeping', 'Failure'],
  ['a lost job among passes', [passed, lost], 'Sleeping', 'Exception'],
  ['a known failure among passes', [passed, known], 'Sleeping', 'Success'],
  ['a cell that is known to fail', [known], 'Sleeping', 'Failure'],
])('cctray.xml for %s', (_, cells, activity, lastBuildStatus) =>
  expect(cctrayProject('sample:main', 'http://farm', cells)).toMatchObject({ activity, lastBuildStatus }),
)

test('the label is the newest ended build, and the time is that of the newest ended job', () => {
  const finishedAt = new Date('2024-05-07T00:00:00Z')
  const cells = [passed, testCell({ last: lastRun({ buildId: 14, finishedAt }) }), never]
  expect(cctrayProject('x', '', cells)).toMatchObject({ lastBuildLabel: '14', lastBuildTime: finishedAt })
  const first = cctrayProject('x', '', [never])
  expect([first.lastBuildLabel, first.lastBuildTime.getTime()]).toEqual([undefined, 0])
})

test('names are escaped', () => {
  const xml = cctrayXml([cctrayProject('a"<&\u0001', 'http://farm/?a=1&b=2', [])])
  expect(xml).toContain('name="a&quot;&lt;&amp;" ')
  expect(xml).toContain('webUrl="http://farm/?a=1&amp;b=2"/>')
})

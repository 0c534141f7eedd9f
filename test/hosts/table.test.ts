import { expect, test } from 'vitest'
import { failures, type Result, tableOf } from './table.ts'

const facts = { uname: 'Linux 2.6.32 mips', client: 'nc', launcher: 'setsid', sum: 'sha256' }
const round = (machine: string, scenario: string, how: Partial<Result> = {}): Result => ({ machine, scenario, ...how })

const results = [
  round('mips', 'it runs'),
  round('mips', 'it stops'),
  round('vax', 'it runs', { missing: 'vax-gcc' }),
  round('mips', 'it runs', { passed: true, seconds: 20.2, date: '2026-11-24', facts }),
  round('mips', 'it stops', { passed: false, seconds: 1.1, facts }),
]

test('the table has a row for each machine and a column for each scenario, and marks machines that cannot run here', () => {
  expect(tableOf(results).split('\n')).toEqual([
    '| machine | uname | client | launcher | checksum | 1 | 2 | seconds | date |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    '| `mips` | Linux 2.6.32 mips | nc | setsid | sha256 | yes | **no** | 21 | 2026-11-24 |',
    '| `vax` | not here: vax-gcc |  |  |  |  |  |  |  |',
    '',
    '1. it runs',
    '2. it stops',
  ])
})

test('if a planned scenario did not pass, or never ended, it is a failure', () => {
  expect(failures(results)).toEqual(['mips: it stops'])
  expect(failures(results.slice(0, 3))).toEqual(['mips: it runs', 'mips: it stops'])
})

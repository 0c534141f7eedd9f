import { expect, test } from 'vitest'
import { buildGrid, type GridJob } from './build-grid.rule.ts'

const at = new Date('2024-05-06T07:08:09Z')
const job = (host: string, arch: string, changes: Partial<GridJob> = {}): GridJob => ({
  jobId: 1,
  host,
  os: 'NetBSD',
  release: '10.1',
  arch,
  effect: 'still-passing',
  state: 'finished',
  verdict: 'passed',
  failedStep: null,
  at,
  ...changes,
})

test.each([
  { changes: {}, look: 'passed' },
  { changes: { effect: 'fixed' }, look: 'fixed' },
  { changes: { verdict: 'failed', effect: 'broke' }, look: 'new' },
  { changes: { verdict: 'timed-out', effect: 'broke' }, look: 'new' },
  { changes: { verdict: 'failed', effect: 'still-failing' }, look: 'failing' },
  { changes: { verdict: 'failed', effect: 'first-failure' }, look: 'failing' },
  { changes: { verdict: 'failed', effect: 'flaky' }, look: 'flaky' },
  { changes: { verdict: 'lost', effect: 'none' }, look: 'lost' },
  { changes: { verdict: 'cancelled', effect: 'none' }, look: 'cancelled' },
  { changes: { verdict: null, state: 'queued' }, look: 'queued' },
  { changes: { verdict: null, state: 'running' }, look: 'running' },
] as { changes: Partial<GridJob>; look: string }[])('a job with $changes looks $look', ({ changes, look }) =>
  expect(buildGrid([job('vax', 'amd64', changes)]).groups[0]?.rows[0]?.boxes[0]?.look).toBe(look),
)

test('the worst variant wins, and the box links to its job', () => {
  const jobs = [
    job('vax', 'arm'),
    job('vax', 'arm', { jobId: 7, verdict: 'failed', effect: 'broke', failedStep: 'build' }),
  ]
  expect(buildGrid(jobs).groups[0]?.rows[0]?.boxes).toMatchObject([
    { look: 'new', step: 'build', count: 1, of: 2, jobId: 7 },
  ])
})

test('rows are in groups by system, and a host without a job for an arch has no box', () => {
  const { columns, groups } = buildGrid([
    job('b', 'arm', { os: 'Linux' }),
    job('z', 'amd64'),
    job('a', 'amd64', { os: 'Linux' }),
  ])
  expect(columns.map(({ arch }) => arch)).toEqual(['amd64', 'arm'])
  expect(
    groups.map(({ os, rows }) => [os, rows.map(row => [row.host, ...row.boxes.map(box => box !== null)])]),
  ).toEqual([
    ['NetBSD', [['z', true, false]]],
    [
      'Linux',
      [
        ['a', true, false],
        ['b', false, true],
      ],
    ],
  ])
})

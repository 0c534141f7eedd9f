import type { MatrixCell } from '@rumpfarm/farm'

const at = new Date('2024-05-06T07:08:09Z')
const milestone = { buildId: 12, jobId: 41, commit: 'd'.repeat(40), at }

export const lastRun = (changes: Partial<MatrixCell['last'] & object> = {}): MatrixCell['last'] => ({
  jobId: 41,
  attempt: '41.1',
  state: 'passing',
  fingerprint: null,
  message: null,
  flakiness: { flaky: false, results: 5, changes: 0 },
  expectedMs: null,
  testsMissing: false,
  buildId: 12,
  commit: 'd'.repeat(40),
  position: 3,
  verdict: 'passed',
  failedStep: null,
  finishedAt: at,
  since: milestone,
  changed: null,
  lastGood: milestone,
  ...changes,
})

export const testCell = (changes: Partial<MatrixCell> = {}): MatrixCell => ({
  host: 'vax',
  arch: 'amd64',
  project: 'sample',
  branch: 'main',
  variant: 'default',
  status: 'passed',
  retrying: false,
  last: lastRun(),
  active: null,
  prevented: null,
  known: null,
  acknowledged: null,
  alike: { cells: 0, of: 0, notYet: 0 },
  ...changes,
})

export const activeRun = (state: 'waiting' | 'queued' | 'leased' | 'running'): MatrixCell['active'] => ({
  jobId: 50,
  attempt: '50.1',
  buildId: 13,
  state,
  step: null,
  since: at,
})

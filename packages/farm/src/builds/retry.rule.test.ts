import type { RetrySelection, Verdict } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { countHosts, isSelected, planRetries, type RetryCandidate, whyNotRunnable } from './retry.rule.ts'

const job = (changes: Partial<RetryCandidate> = {}): RetryCandidate => ({
  jobId: 1,
  number: 1,
  state: 'finished',
  verdict: 'failed',
  buildId: 7,
  sources: 'ready',
  bisection: null,
  isTry: false,
  hostId: 3,
  host: 'vax',
  hostRemoved: false,
  rules: [],
  project: 'sample',
  branch: 'main',
  fork: false,
  ...changes,
})

test.each<[Verdict, RetrySelection[]]>([
  ['passed', ['all']],
  ['failed', ['all', 'failed']],
  ['timed-out', ['all', 'failed']],
  ['broken', ['all', 'failed']],
  ['lost', ['all', 'lost']],
  ['cancelled', ['all']],
])('a job that ended as %s belongs to the selections %j', (verdict, selections) => {
  const selected = (['all', 'failed', 'lost'] as const).filter(which => isSelected(verdict, which))
  expect(selected).toEqual(selections)
})

test.each<[Partial<RetryCandidate>, string | null]>([
  [{}, null],
  [{ hostRemoved: true }, 'host vax has left the farm'],
  [{ bisection: 4 }, 'bisection 4 started it; start that bisection again instead'],
  [{ isTry: true }, 'it belongs to a try, whose files the farm no longer has; start the try again instead'],
  [{ rules: [{ verb: 'deny', project: 'sample', branches: [] }] }, 'the owner of vax does not allow it'],
  [{ fork: true }, 'the owner of vax does not allow code from forks'],
  [{ fork: true, rules: [{ verb: 'allow-forks', project: '*', branches: [] }] }, null],
])('of a job with %j, the farm says: %s', (changes, why) => expect(whyNotRunnable(job(changes))).toBe(why))

test('a finished job of the selection gets an attempt, and an open job does not', () => {
  const jobs = [
    job({ jobId: 1, number: 2 }),
    job({ jobId: 2, verdict: 'passed' }),
    job({ jobId: 3, state: 'queued', verdict: null }),
    job({ jobId: 4, hostRemoved: true }),
  ]
  const plan = planRetries(jobs, 'failed')
  expect(plan.attempts).toEqual([{ jobId: 1, number: 3, hostId: 3, host: 'vax', buildId: 7, state: 'queued' }])
  expect(plan.open).toEqual(['3.1'])
  expect(plan.refused).toEqual([{ job: 4, host: 'vax', why: 'host vax has left the farm' }])
  expect(plan.reopened).toEqual([])
})

test('a job without sources waits for them, and the farm prepares failed sources once for each build', () => {
  const jobs = [
    job({ jobId: 1, sources: 'failed', verdict: 'broken' }),
    job({ jobId: 2, sources: 'failed', verdict: 'broken' }),
    job({ jobId: 3, sources: 'pending', buildId: 8 }),
  ]
  const { attempts, reopened } = planRetries(jobs, 'failed')
  expect(attempts.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting'])
  expect(reopened).toEqual([7])
})

test('the host with the most jobs is first', () => {
  const hosts = ['vax', 'alpha', 'sun', 'vax'].map(host => ({ host }))
  expect(countHosts(hosts)).toEqual([
    { host: 'vax', jobs: 2 },
    { host: 'alpha', jobs: 1 },
    { host: 'sun', jobs: 1 },
  ])
})

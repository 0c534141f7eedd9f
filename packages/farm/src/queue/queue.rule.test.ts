import { expect, test } from 'vitest'
import { composeQueue, type QueueDetails } from './queue.rule.ts'
import {
  countKinds,
  firstPlaces,
  neededPlaces,
  type OpenJobs,
  type Place,
  placesOf,
  type QueueHost,
  type QueueLimit,
} from './queue-order.rule.ts'
import { at, waitingHost } from './waiting-host.fixture.ts'

const minutes = (count: number) => new Date(at.getTime() + count * 60_000)

const host = (id: number, name: string, changes: Partial<QueueHost> = {}): QueueHost => ({
  ...waitingHost,
  id,
  name,
  turns: new Map(),
  ...changes,
})

/** Open jobs as `HOST PROJECT STATE BUILD.JOB …`. The jobs wait in the order of their numbers. */
function open(text: string, changes: Partial<OpenJobs> = {}): OpenJobs {
  const [hostId, project = '', state, ...jobs] = text.split(' ')
  const numbers = jobs.map(job => job.split('.').map(Number))
  return {
    hostId: Number(hostId),
    state: state as OpenJobs['state'],
    priority: 30,
    project,
    branch: 'main',
    fork: false,
    arch: 'arm',
    jobs: numbers.map(([buildId = 0, jobId = 0]) => [jobId, buildId, jobId]),
    ...changes,
  }
}

const hosts = [host(1, 'vax'), host(2, 'sun', { slots: 2 }), host(3, 'pdp', { presence: 'silent' })]
const jobs = [
  open('1 base queued 5.1 6.2 7.9'),
  open('1 docs queued 8.3 9.4'),
  open('1 base running 4.10'),
  open('1 docs queued 9.11', { arch: 'mips' }),
  open('2 base queued 6.5 7.6', { priority: 40 }),
  open('2 docs leased 3.7'),
  open('3 base queued 5.8'),
]
const places = placesOf(jobs, hosts, new Map())

/** Each job takes as many minutes as its number, and a running job started two minutes ago. */
const detailsOf = (needed: readonly Place[]) =>
  new Map(
    needed.map(({ jobId, kind }): [number, QueueDetails] => [
      jobId,
      {
        jobId,
        number: 1,
        purpose: 'build',
        queuedAt: at,
        startedAt: kind === 'running' ? minutes(-2) : null,
        stepsEnded: 0,
        commit: 'c',
        variant: 'default',
        expectedMs: jobId * 60_000,
      },
    ]),
  )

const compose = (shown: readonly Place[], needed: readonly Place[]) =>
  composeQueue(shown, needed, detailsOf(needed), at, new Map())
const whole = compose(places, places)
const short = (one: { jobId: number; kind: string; before: number }) => `${one.kind} ${one.jobId} after ${one.before}`

test('the jobs that their hosts take next are first, and the running jobs are last', () => {
  expect(places.map(short)).toEqual([
    'waiting 4 after 0',
    'waiting 6 after 0',
    'blocked 8 after 0',
    'waiting 5 after 1',
    'waiting 9 after 1',
    'waiting 2 after 2',
    'blocked 11 after 2',
    'waiting 3 after 3',
    'waiting 1 after 4',
    'running 7 after 0',
    'running 10 after 0',
  ])
  expect(countKinds(places)).toEqual({ waiting: 7, blocked: 2, running: 2 })
})

test('a job starts after the running jobs of its host and the jobs before it', () => {
  const starts = new Map(whole.map(({ jobId, startsAt }) => [jobId, startsAt]))
  expect(starts.get(4)).toEqual(minutes(8))
  expect(starts.get(9)).toEqual(minutes(12))
  expect(starts.get(3)).toEqual(minutes(23))
  expect(starts.get(6)).toEqual(at) // the other slot of sun is free
  expect(starts.get(8)).toBeNull()
})

test.each<[QueueLimit, string]>([
  [3, '4 6 8'],
  [{ waiting: 2, blocked: 1, running: 9 }, '4 6 8 7 10'],
  [{ waiting: 0, blocked: 0, running: 1 }, '7'],
  [{ waiting: 0, blocked: 9, running: 0 }, '8 11'],
])('the limit %j gives the jobs %s', (limit, expected) => {
  expect(
    firstPlaces(places, limit)
      .map(({ jobId }) => jobId)
      .join(' '),
  ).toBe(expected)
})

test('a shorter list has the same reasons and times', () => {
  for (const project of ['base', 'docs', undefined])
    for (let limit = 1; limit <= places.length; limit++) {
      const shown = firstPlaces(
        places.filter(place => project === undefined || place.project === project),
        limit,
      )
      const ids = new Set(shown.map(({ jobId }) => jobId))
      expect(compose(shown, neededPlaces(places, shown))).toEqual(whole.filter(({ jobId }) => ids.has(jobId)))
    }
})

test.each([
  ['4', '4 10'], // the running job of vax
  ['9', '4 9 10'],
  ['5', '6 5 7'],
  ['8', '8'],
  ['10', '10'],
])('for the job %s, the farm reads the jobs %s', (shown, expected) => {
  const chosen = places.filter(({ jobId }) => String(jobId) === shown)
  expect(
    neededPlaces(places, chosen)
      .map(({ jobId }) => jobId)
      .join(' '),
  ).toBe(expected)
})

test('a job that ended before the farm read its details is not in the list, and its slot is free', () => {
  const needed = places.filter(({ jobId }) => jobId !== 10 && jobId !== 4)
  const entries = compose(places, needed)
  expect(entries).toHaveLength(places.length - 2)
  expect(entries.find(({ jobId }) => jobId === 9)?.startsAt).toEqual(at)
})

import { expect, test } from 'vitest'
import { at, waitingHost as host } from './waiting-host.fixture.ts'
import { type HostLoad, isBlocked, type WaitingHost, type WaitingJob, whyWaiting } from './why-waiting.rule.ts'

const job: WaitingJob = { state: 'queued', project: 'sample', branch: 'main', fork: false, arch: 'arm' }
const idle: HostLoad = { running: [], before: 0 }
const busy: HostLoad = { running: [{ jobId: 7, endsAt: at }], before: 0 }
const refuses = (refusalCode: WaitingHost['refusalCode'], refusal: string) => ({ refusalCode, refusal })

test.each<[string, Partial<WaitingJob>, Partial<WaitingHost>, HostLoad, string, string]>([
  ['host', {}, { removed: true }, idle, 'host-removed', 'vax was removed from the farm, so nothing will run this job.'],
  ['arch', { arch: 'vax' }, {}, idle, 'arch-missing', 'vax no longer builds for vax, so nothing will run this job.'],
  [
    'rule',
    {},
    { rules: [{ verb: 'deny', project: 'sample', branches: [] }] },
    idle,
    'owner-rules',
    'The rules of the owner of vax do not allow this job.',
  ],
  [
    'fork',
    { fork: true },
    {},
    idle,
    'owner-rules',
    'vax does not run code from forks: its owner allows it with the line "allow forks" in host.conf.',
  ],
  ['sources', { state: 'waiting' }, { presence: 'silent' }, idle, 'sources', 'The server is preparing the sources.'],
  ['silence', {}, { presence: 'silent' }, idle, 'host-silent', 'vax is silent.'],
  ['stop', {}, { presence: 'away', awaySince: at }, idle, 'host-away', 'The owner of vax stopped its agent.'],
  ['pause', {}, { presence: 'paused', pausedAt: at }, busy, 'host-paused', 'An administrator paused vax.'],
  [
    'compiler',
    {},
    { arches: [{ arch: 'arm', unable: 'arm-gcc: not found' }] },
    idle,
    'arch-unable',
    'vax cannot build for arm now: arm-gcc: not found.',
  ],
  [
    'agent',
    {},
    refuses('agent-too-old', 'agent too old (1.0.0, needs 2.0.0): gets no jobs'),
    idle,
    'agent-too-old',
    'The agent of vax is too old (1.0.0, needs 2.0.0).',
  ],
  ['disk', {}, refuses('disk-full', 'disk-full 12 MB free'), idle, 'disk-full', 'The disk of vax is full: 12 MB free.'],
  [
    'hours',
    {},
    refuses('hours', 'hours outside of 22:00-06:00 '),
    idle,
    'hours',
    'The owner of vax allows jobs only at certain hours: 22:00-06:00.',
  ],
  [
    'conf',
    {},
    refuses('host-conf', 'host-conf line 3: dney'),
    idle,
    'host-conf',
    'host.conf of vax has an error: line 3: dney.',
  ],
  ['other', {}, refuses('other', 'moon phase'), idle, 'refused', 'vax takes no jobs: moon phase.'],
  ['job', {}, {}, busy, 'slot-busy', 'vax is busy with job 7.'],
  ['job and queue', {}, {}, { ...busy, before: 1 }, 'slot-busy', 'vax is busy with job 7. 1 job is before this one.'],
  [
    'jobs',
    {},
    { slots: 2 },
    { running: [...busy.running, { jobId: 8, endsAt: null }], before: 3 },
    'slot-busy',
    'vax is busy with 2 jobs. 3 jobs are before this one.',
  ],
  ['free slot', {}, { slots: 2 }, busy, 'starting', 'vax is online and starts this job soon.'],
  ['queue', {}, {}, { running: [], before: 2 }, 'behind', 'vax is online. 2 jobs are before this one.'],
  ['nothing', {}, {}, idle, 'starting', 'vax is online and starts this job soon.'],
])('a job waits because of: %s', (_name, jobChanges, hostChanges, load, code, text) => {
  const found = whyWaiting({ ...job, ...jobChanges }, { ...host, ...hostChanges }, load)
  expect(found).toMatchObject({ code, text })
})

test('the reason has the times that the page shows', () => {
  expect(whyWaiting(job, { ...host, presence: 'silent' }, idle).since).toBe(at)
  expect(whyWaiting(job, host, busy)).toMatchObject({ busyWith: 7, until: at })
})

test.each([
  ['host-silent', true],
  ['host-removed', true],
  ['hours', true],
  ['sources', false],
  ['slot-busy', false],
] as const)('if a job waits because of %s, somebody must act: %s', (code, blocked) =>
  expect(isBlocked({ code })).toBe(blocked),
)

import { expect, test } from 'vitest'
import { composeGauges, type GaugeRows } from './gauges.rule.ts'

const now = new Date('2024-05-06T12:00:00Z')
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString()

const host = (id: number, changes: Partial<GaugeRows['hosts'][number]> = {}): GaugeRows['hosts'][number] => ({
  id,
  name: `host-${id}`,
  slots: 2,
  lastSeenAt: ago(1),
  silentSince: null,
  awaySince: null,
  pausedAt: null,
  refusal: null,
  agentVersion: '1.5.0',
  diskFreeMb: null,
  ...changes,
})

const rows = (changes: Partial<GaugeRows> = {}): GaugeRows => ({
  projects: [],
  hosts: [],
  queued: [],
  active: 0,
  waiting: 0,
  builds: 0,
  examinations: 0,
  bisections: 0,
  notifications: { pending: 0, oldest: null },
  commitStatuses: { pending: 0, oldest: null },
  farmFileErrors: false,
  silenceCheckAt: null,
  databaseBytes: 0,
  ...changes,
})

test.each([
  ['online', {}],
  ['paused', { pausedAt: ago(9) }],
  ['away', { awaySince: ago(9) }],
  ['silent', { lastSeenAt: ago(200), silentSince: ago(200) }],
  ['online', { silentSince: ago(200) }], // it sent a message after the last silence check
  ['refusing', { refusal: 'disk-full 12 MB' }],
  ['refusing', { agentVersion: '1.0.0' }],
  ['paused', { pausedAt: ago(9), refusal: 'disk-full 12 MB' }],
] as const)('a host counts as %s with the values %j', (state, changes) => {
  const { states } = composeGauges(rows({ hosts: [host(1, changes)] }), now, '1.2.0')
  expect(states[state]).toMatchObject({ hosts: 1, slots: 2 })
  expect(Object.values(states).reduce((sum, { hosts }) => sum + hosts, 0)).toBe(1)
})

test('queued jobs count by the state of their host, and the jobs of an unknown host count as removed', () => {
  const hosts = [host(1), host(2), host(3, { pausedAt: ago(9) })]
  const queued = [
    { hostId: 1, jobs: 3, oldest: ago(60) },
    { hostId: 2, jobs: 1, oldest: ago(600) },
    { hostId: 3, jobs: 7, oldest: ago(5000) },
    { hostId: 9, jobs: 2, oldest: ago(10) },
  ]
  const { states, jobs } = composeGauges(rows({ hosts, queued }), now, undefined)
  expect(states.online).toMatchObject({ queued: 4, oldestSeconds: 600 })
  expect(states.paused).toMatchObject({ queued: 7, oldestSeconds: 5000 })
  expect(states.removed).toMatchObject({ queued: 2, oldestSeconds: 10 })
  expect(jobs.queued).toBe(13)
})

test('the longest silence and the smallest disk come first', () => {
  const silent = (seconds: number) => ({ lastSeenAt: ago(seconds), silentSince: ago(seconds) })
  const hosts = [host(1, silent(200)), host(2, { ...silent(900), diskFreeMb: 70 }), host(3, { diskFreeMb: 5 })]
  const gauges = composeGauges(rows({ hosts }), now, undefined)
  expect(gauges.silent).toEqual([
    { name: 'host-2', seconds: 900 },
    { name: 'host-1', seconds: 200 },
  ])
  expect(gauges.disks).toEqual([
    { name: 'host-3', bytes: 5_000_000 },
    { name: 'host-2', bytes: 70_000_000 },
  ])
})

test('an age is 0 if nothing waits, or if the clock of another server is ahead', () => {
  const ages = (oldest: string | null) =>
    composeGauges(rows({ notifications: { pending: 1, oldest }, silenceCheckAt: null }), now, undefined)
  expect(ages(null)).toMatchObject({
    deliveries: [{ oldestSeconds: 0 }, { oldestSeconds: 0 }],
    silenceCheckSeconds: null,
  })
  expect(ages(ago(-5)).deliveries).toMatchObject([{ oldestSeconds: 0 }, { oldestSeconds: 0 }])
  expect(ages(ago(5)).deliveries).toMatchObject([{ oldestSeconds: 5 }, { oldestSeconds: 0 }])
})

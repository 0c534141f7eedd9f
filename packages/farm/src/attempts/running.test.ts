import { expect, test } from 'vitest'
import { type RunningAttempt, RunningCache } from './running.ts'

const running = (jobId: number): RunningAttempt => ({
  jobId,
  number: 1,
  hostId: 1,
  buildId: 1,
  projectName: 'sample',
  lease: 'lease',
  leaseUntil: 1_000,
  cancel: null,
  artifactBytesMax: 0,
  resultPatterns: [],
  hasTestResults: false,
  logBytesMax: 1,
  wallUntil: 1,
  stepNames: [],
  sources: [],
  steps: [],
  started: true,
})

test('the cache holds 5,000 attempts and drops the least recently used attempt', () => {
  const cache = new RunningCache()
  for (let job = 1; job <= 5_000; job++) cache.set(running(job), cache.sequence)
  expect(cache.get('1.1')?.jobId).toBe(1)
  cache.set(running(5_001), cache.sequence)
  expect([cache.get('1.1')?.jobId, cache.get('2.1')?.jobId, cache.get('5001.1')?.jobId]).toEqual([1, undefined, 5_001])
})

test.each([
  { who: 'its host with its lease', hostId: 1, lease: 'lease', at: 999, holds: true },
  { who: 'another host', hostId: 2, lease: 'lease', at: 999, holds: false },
  { who: 'its host with an older lease', hostId: 1, lease: 'older', at: 999, holds: false },
  { who: 'its host after the lease has expired', hostId: 1, lease: 'lease', at: 1_000, holds: false },
])('for a message from $who, the cache has the attempt: $holds', ({ hostId, lease, at, holds }) => {
  const cache = new RunningCache()
  cache.set(running(7), cache.sequence)
  expect(cache.held({ jobId: 7, number: 1 }, { hostId, lease, at: new Date(at) }) !== undefined).toBe(holds)
})

test('if an attempt is invalidated while the farm reads its row, the cache does not keep the attempt', () => {
  const cache = new RunningCache()
  const sequence = cache.sequence
  cache.invalidate('7.1')
  cache.set(running(7), sequence)
  cache.set(running(8), sequence)
  expect([cache.get('7.1'), cache.get('8.1')?.jobId]).toEqual([undefined, 8])
  cache.set(running(7), cache.sequence)
  expect(cache.get('7.1')?.jobId).toBe(7)
})

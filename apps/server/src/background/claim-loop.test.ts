// Over HTTP, the steps of two requests for one slot rarely happen in these orders. So these tests control each step.
import type { Claim, LeaseOutcome, Offer, SlotState } from '@rumpfarm/farm'
import { expect, test, vi } from 'vitest'
import { localBus, topics } from '../events/bus.ts'
import { type ClaimResult, openClaimLoop } from './claim-loop.ts'

const hostId = 7
const offer = { attempt: '1.1' } as Offer

/** A claim loop with a fake farm that has one queued attempt. `changes` replaces functions of the fakes. */
function scene(changes: { attempts?: object } = {}) {
  const waiting = ['1.1']
  const bus = localBus()
  const attempts = {
    checkSlot: async (): Promise<SlotState> => ({ kind: 'free' }),
    lease: async (): Promise<LeaseOutcome> => (waiting.shift() ? { kind: 'offer', offer } : { kind: 'none' }),
    ...changes.attempts,
  }
  const removed: string[] = []
  const dispatch = {
    remove: (attempts: { attempt: string }[]) => removed.push(...attempts.map(({ attempt }) => attempt)),
  }
  const loop = openClaimLoop({ farm: { attempts }, dispatch, bus } as never)
  const claim = (number = 1, seconds = 5, instance = 'i') => {
    let close = () => {}
    const onClosed = (end: () => void) => {
      close = end
    }
    const options = { condition: {}, waitMs: seconds * 1000, onClosed }
    return { result: loop.waitForWork({ hostId, instance, slot: 1, claim: number }, options), close: () => close() }
  }
  return { bus, waiting, removed, claim }
}

test('a request receives the job that an older request of its slot has leased', async () => {
  let lease = (_: LeaseOutcome) => {}
  let leased = false
  const checkSlot = vi.fn(async (): Promise<SlotState> => (leased ? { kind: 'offer', offer } : { kind: 'free' }))
  const { claim } = scene({
    attempts: { checkSlot, lease: () => new Promise<LeaseOutcome>(resolve => (lease = resolve)) },
  })
  const older = claim()
  await vi.waitFor(() => expect(checkSlot).toHaveBeenCalledTimes(1), { timeout: 20_000 })
  older.close()
  const newer = claim()
  await vi.waitFor(() => expect(checkSlot).toHaveBeenCalledTimes(2), { timeout: 20_000 })
  leased = true
  lease({ kind: 'offer', offer })
  expect(await newer.result).toEqual({ kind: 'offer', offer })
})

test.each<[string, SlotState, ClaimResult]>([
  ['another agent now runs as the host', { kind: 'other-instance' }, { kind: 'other-instance' }],
  ['the slot has sent a newer claim', { kind: 'stale', newest: 7 }, { kind: 'stale', newest: 7 }],
  ['the host was paused', { kind: 'paused' }, { kind: 'none' }],
  ['the slot already has a job', { kind: 'offer', offer }, { kind: 'offer', offer }],
])('if %s, a request wakes the other requests of the host and ends', async (_, later, result) => {
  const states: SlotState[] = [{ kind: 'free' }, later]
  const lease = async (): Promise<LeaseOutcome> => ({ kind: 'outdated' })
  const { claim, bus } = scene({ attempts: { checkSlot: async () => states.shift(), lease } })
  const wokenUp = vi.fn()
  bus.subscribe(topics.host(hostId), wokenUp)
  expect(await claim().result).toEqual(result)
  expect(wokenUp).toHaveBeenCalled()
})

test('a claim that gets a job removes the message of this job, and a claim without work removes nothing', async () => {
  const { claim, removed } = scene()
  expect(await claim(1).result).toEqual({ kind: 'offer', offer })
  expect(removed).toEqual(['1.1'])
  expect(await claim(2, 0).result).toEqual({ kind: 'none' })
  expect(removed).toEqual(['1.1'])
})

test('a claim looks for a job only if one waits, or after a wake-up', async () => {
  const lease = vi.fn(async (): Promise<LeaseOutcome> => ({ kind: 'offer', offer }))
  const { claim, bus } = scene({ attempts: { checkSlot: async () => ({ kind: 'free', idle: true }), lease } })
  expect(await claim(1, 0).result).toEqual({ kind: 'none' })
  expect(lease).not.toHaveBeenCalled()
  const { result } = claim(2)
  bus.publish(topics.host(hostId))
  expect(await result).toEqual({ kind: 'offer', offer })
})

test('a wake-up that arrives during the query of the slot is not lost', async () => {
  let answerFirst = (_: SlotState) => {}
  const first = new Promise<SlotState>(resolve => (answerFirst = resolve))
  const checkSlot = vi.fn(async (): Promise<SlotState> => ({ kind: 'free' })).mockReturnValueOnce(first)
  const leases: LeaseOutcome[] = [{ kind: 'none' }, { kind: 'offer', offer }]
  const { claim, bus } = scene({ attempts: { checkSlot, lease: async () => leases.shift() } })
  const request = claim()
  bus.publish(topics.host(hostId))
  answerFirst({ kind: 'free' })
  expect(await request.result).toEqual({ kind: 'offer', offer })
})

test('a closed request takes no job', async () => {
  let answer = (_: SlotState) => {}
  const checkSlot = () => new Promise<SlotState>(resolve => (answer = resolve))
  const { claim, waiting } = scene({ attempts: { checkSlot } })
  const request = claim()
  request.close()
  answer({ kind: 'free' })
  expect(await request.result).toEqual({ kind: 'none' })
  expect(waiting).toEqual(['1.1'])
})

test('if an agent sends a newer request for a slot, the older request ends', async () => {
  const { claim, waiting } = scene()
  waiting.pop()
  const older = claim()
  const newer = claim()
  expect(await older.result).toEqual({ kind: 'none' })
  newer.close()
  expect(await newer.result).toEqual({ kind: 'none' })
})

test('if a host has a new agent, a request of the former agent ends, and a request of the new agent continues', async () => {
  const checkSlot = async ({ instance }: Claim): Promise<SlotState> => ({
    kind: instance === 'new' ? 'free' : 'other-instance',
  })
  const { claim, bus, waiting } = scene({ attempts: { checkSlot } })
  waiting.pop()
  const successor = claim(1, 5, 'new')
  expect(await claim(1, 5, 'old').result).toEqual({ kind: 'other-instance' })
  waiting.push('1.1')
  bus.publish(topics.host(hostId))
  expect(await successor.result).toEqual({ kind: 'offer', offer })
})

test('if there is no work, a claim ends after its waiting time', async () => {
  const { claim, waiting } = scene()
  waiting.pop()
  expect(await claim(1, 0).result).toEqual({ kind: 'none' })
})

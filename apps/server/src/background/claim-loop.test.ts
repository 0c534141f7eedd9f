// Over HTTP, the steps of two requests for one slot rarely happen in these orders. So these tests control each step.
import type { Claim, Offer, SlotState } from '@rumpfarm/farm'
import { expect, test, vi } from 'vitest'
import { localBus, topics } from '../events/bus.ts'
import { type ClaimResult, openClaimLoop } from './claim-loop.ts'

const hostId = 7
const offer = { attempt: '1.1' } as Offer

/** A claim loop with a fake farm that has one queued attempt. `changes` replaces functions of the fakes. */
function scene(changes: { attempts?: object; dispatch?: object } = {}) {
  const messages = ['1.1']
  const bus = localBus()
  const send = vi.fn(async (sent: readonly { attempt: string }[]) => {
    messages.push(...sent.map(({ attempt }) => attempt))
  })
  const attempts = {
    checkSlot: async (): Promise<SlotState> => ({ kind: 'free' }),
    lease: async (): Promise<Offer | undefined> => offer,
    ...changes.attempts,
  }
  const dispatch = { take: async () => messages.shift(), send, ...changes.dispatch }
  const loop = openClaimLoop({ farm: { attempts }, dispatch, bus } as never)
  const claim = (number = 1, seconds = 5, instance = 'i') => {
    const closed = new AbortController()
    const options = { condition: {}, waitMs: seconds * 1000, gone: closed.signal }
    return {
      result: loop.waitForWork({ hostId, instance, slot: 1, claim: number }, options),
      close: () => closed.abort(),
    }
  }
  return { bus, send, messages, claim }
}

test('a request receives the job that an older request of its slot has leased', async () => {
  let lease = (_: Offer) => {}
  let leased = false
  const checkSlot = vi.fn(async (): Promise<SlotState> => (leased ? { kind: 'offer', offer } : { kind: 'free' }))
  const { claim } = scene({ attempts: { checkSlot, lease: () => new Promise<Offer>(resolve => (lease = resolve)) } })
  const older = claim()
  await vi.waitFor(() => expect(checkSlot).toHaveBeenCalledTimes(1))
  older.close()
  const newer = claim()
  await vi.waitFor(() => expect(checkSlot).toHaveBeenCalledTimes(2))
  leased = true
  lease(offer)
  expect(await newer.result).toEqual({ kind: 'offer', offer })
})

test.each<[string, SlotState, ClaimResult]>([
  ['another agent now runs as the host', { kind: 'other-instance' }, { kind: 'other-instance' }],
  ['the slot has sent a newer claim', { kind: 'stale', newest: 7 }, { kind: 'stale', newest: 7 }],
  ['the host was paused', { kind: 'paused' }, { kind: 'none' }],
  ['the slot already has a job', { kind: 'offer', offer }, { kind: 'offer', offer }],
])('if %s, a request puts its message back into the queue and ends', async (_, later, result) => {
  const states: SlotState[] = [{ kind: 'free' }, later]
  const attempts = { checkSlot: async () => states.shift(), lease: async () => undefined }
  const { claim, messages, send, bus } = scene({ attempts })
  const wokenUp = vi.fn()
  bus.subscribe(topics.host(hostId), wokenUp)
  expect(await claim().result).toEqual(result)
  expect(send).toHaveBeenCalledTimes(1)
  expect(messages).toEqual(['1.1'])
  expect(wokenUp).toHaveBeenCalled()
})

test('the server drops a message about a finished job, and uses the next message', async () => {
  const lease = async (_: Claim, { number }: { number: number }) => (number === 2 ? offer : undefined)
  const { claim, messages, send } = scene({ attempts: { lease } })
  messages.push('1.2')
  expect(await claim().result).toEqual({ kind: 'offer', offer })
  expect(send).not.toHaveBeenCalled()
})

test('a wake-up that arrives during the query of the slot is not lost', async () => {
  let answerFirst = (_: SlotState) => {}
  const first = new Promise<SlotState>(resolve => (answerFirst = resolve))
  const checkSlot = vi.fn(async (): Promise<SlotState> => ({ kind: 'free' })).mockReturnValueOnce(first)
  const takes: (string | undefined)[] = [undefined, '1.1']
  const { claim, bus } = scene({ attempts: { checkSlot }, dispatch: { take: async () => takes.shift() } })
  const waiting = claim()
  bus.publish(topics.host(hostId))
  answerFirst({ kind: 'free' })
  expect(await waiting.result).toEqual({ kind: 'offer', offer })
})

test('a closed request takes no message', async () => {
  let answer = (_: SlotState) => {}
  const checkSlot = () => new Promise<SlotState>(resolve => (answer = resolve))
  const { claim, messages } = scene({ attempts: { checkSlot } })
  const waiting = claim()
  waiting.close()
  answer({ kind: 'free' })
  expect(await waiting.result).toEqual({ kind: 'none' })
  expect(messages).toEqual(['1.1'])
})

test('if an agent sends a newer request for a slot, the older request ends', async () => {
  const { claim, messages } = scene()
  messages.pop()
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
  const { claim, bus, messages } = scene({ attempts: { checkSlot } })
  messages.pop()
  const successor = claim(1, 5, 'new')
  expect(await claim(1, 5, 'old').result).toEqual({ kind: 'other-instance' })
  messages.push('1.1')
  bus.publish(topics.host(hostId))
  expect(await successor.result).toEqual({ kind: 'offer', offer })
})

test('if there is no work, a claim ends after its waiting time', async () => {
  const { claim, messages } = scene()
  messages.pop()
  expect(await claim(1, 0).result).toEqual({ kind: 'none' })
})

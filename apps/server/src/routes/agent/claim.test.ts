// Races of two requests of one slot, which over HTTP happen once in a while: here in the order that hurts.
import { EventEmitter } from 'node:events'
import type { Claim, Offer, SlotState } from '@rumpfarm/farm'
import { expect, test, vi } from 'vitest'
import { localBus, topics } from '../../events/bus.ts'
import type { Services } from '../../services.ts'
import { type ClaimRequest, claimPlugin, waitSecondsMax } from './claim.ts'

const hostId = 7
const limits = { wallSeconds: 1, silenceSeconds: 1, graceSeconds: 1, logBytes: 1, lostAfterSeconds: 1, attempts: 1 }
const offer = {
  attempt: '1.1',
  lease: 'lease',
  sources: [],
  recipe: { limits, steps: [], env: {} },
} as unknown as Offer

/** A farm of one queued attempt, whose services a test may replace. */
function scene(changes: { farm?: object; dispatch?: object } = {}) {
  const messages = ['1.1']
  const bus = localBus()
  const send = vi.fn(async (sent: { attempt: string }[]) => void messages.push(...sent.map(({ attempt }) => attempt)))
  const farm = {
    settings: { leaseSeconds: 90 },
    askForWork: async (): Promise<SlotState> => ({ kind: 'free' }),
    leaseAttempt: async (): Promise<Offer | undefined> => offer,
    ...changes.farm,
  }
  const dispatch = { take: async () => messages.shift(), send, ...changes.dispatch }
  const plugin = claimPlugin({ bus, farm, dispatch } as unknown as Services, () => 'http://farm')
  const claim = (claim = 1, wait = 5, instance = 'i') => answerOf(plugin, claim, wait, instance)
  return { bus, send, messages, claim }
}

/** Asks the plugin; the text of its answer, and how to hang up before it comes. */
function answerOf(plugin: ReturnType<typeof claimPlugin>, claim: number, wait: number, instance: string) {
  const raw = new EventEmitter()
  let text = ''
  const reply = {
    raw,
    code: () => reply,
    type: () => reply,
    header: () => reply,
    send: (said: string) => (text = said),
  }
  const query = { instance, slot: '1', claim: `${claim}`, wait: `${wait}` }
  const request = { query, body: Buffer.alloc(0) } as unknown as ClaimRequest
  const answered = plugin(request, reply as never, hostId).then(() => text)
  return { answered, hangUp: () => raw.emit('close') }
}

test('a request that looked while an older one was being given the job hears of it', async () => {
  let lease = (_: Offer) => {}
  let held = false
  const asked = vi.fn(async (): Promise<SlotState> => (held ? { kind: 'offer', offer } : { kind: 'free' }))
  const leaseAttempt = () => new Promise<Offer>(resolve => (lease = resolve))
  const { claim } = scene({ farm: { askForWork: asked, leaseAttempt } })
  const older = claim()
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(1))
  older.hangUp()
  const newer = claim()
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2))
  held = true
  lease(offer)
  expect(await newer.answered).toMatch(/^ok\nattempt 1\.1\n/)
})

test.each<[string, SlotState, RegExp]>([
  ['another agent runs as its host', { kind: 'other-instance' }, /^err 409 another agent runs as this host/],
  ['its slot has claimed since', { kind: 'stale', newest: 7 }, /^err 409 stale claim.*\nclaim 7\nend\n$/s],
  ['its host was paused', { kind: 'paused' }, /^ok\nnone 0\n/],
  ['its slot has a job', { kind: 'offer', offer }, /^ok\nattempt 1\.1\n/],
])('a request that took a message while %s puts it back, and ends', async (_, later, answer) => {
  const states: SlotState[] = [{ kind: 'free' }, later]
  const askForWork = async () => states.shift()
  const { claim, messages, send, bus } = scene({ farm: { askForWork, leaseAttempt: async () => undefined } })
  const rung = vi.fn()
  bus.subscribe(topics.host(hostId), rung)
  expect(await claim().answered).toMatch(answer)
  expect(send).toHaveBeenCalledTimes(1)
  expect(messages).toEqual(['1.1'])
  expect(rung).toHaveBeenCalled()
})

test('a message for a job that is over is dropped, and the next one is tried', async () => {
  const leaseAttempt = async (_: Claim, { number }: { number: number }) => (number === 2 ? offer : undefined)
  const { claim, messages, send } = scene({ farm: { leaseAttempt } })
  messages.push('1.2')
  expect(await claim().answered).toMatch(/^ok\nattempt /)
  expect(send).not.toHaveBeenCalled()
})

test('a bell that rings while the farm is asked is not missed', async () => {
  let answerFirst = (_: SlotState) => {}
  const first = new Promise<SlotState>(resolve => (answerFirst = resolve))
  const askForWork = vi.fn(async (): Promise<SlotState> => ({ kind: 'free' })).mockReturnValueOnce(first)
  const takes: (string | undefined)[] = [undefined, '1.1']
  const { claim, bus } = scene({ farm: { askForWork }, dispatch: { take: async () => takes.shift() } })
  const waiting = claim()
  bus.publish(topics.host(hostId))
  answerFirst({ kind: 'free' })
  expect(await waiting.answered).toMatch(/^ok\nattempt 1\.1\n/)
})

test('a host that hung up takes no message at all', async () => {
  let answer = (_: SlotState) => {}
  const askForWork = () => new Promise<SlotState>(resolve => (answer = resolve))
  const { claim, messages } = scene({ farm: { askForWork } })
  const waiting = claim()
  waiting.hangUp()
  answer({ kind: 'free' })
  expect(await waiting.answered).toBe('ok\nnone 0\nend\n')
  expect(messages).toEqual(['1.1'])
})

test('a host’s former agent is told so, and its successor waits on', async () => {
  const askForWork = async ({ instance }: Claim): Promise<SlotState> => ({
    kind: instance === 'new' ? 'free' : 'other-instance',
  })
  const { claim, bus, messages } = scene({ farm: { askForWork } })
  messages.pop()
  const successor = claim(1, 5, 'new')
  expect(await claim(1, 5, 'old').answered).toMatch(/^err 409 another agent/)
  messages.push('1.1')
  bus.publish(topics.host(hostId))
  expect(await successor.answered).toMatch(/^ok\nattempt 1\.1\n/)
})

test.each([
  { leaseSeconds: 90, poll: 50 },
  { leaseSeconds: 3600, poll: 50 },
  { leaseSeconds: 30, poll: 16 },
  { leaseSeconds: 5, poll: 2 },
])(
  'with a lease of $leaseSeconds s a claim waits $poll s: a host that waits is no silent one',
  ({ leaseSeconds, poll }) => expect(waitSecondsMax(leaseSeconds)).toBe(poll),
)

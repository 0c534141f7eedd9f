import { cut, lineValue, parseAttemptName, readLines, type WireLine, wireNumber } from '@rumpfarm/contracts'
import type { Claim, HostCondition, Offer, SlotState } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AgentRelease } from '../../agent-release/release.ts'
import type { QueuedAttempt } from '../../background/dispatch.ts'
import { topics } from '../../events/bus.ts'
import type { Services } from '../../services.ts'
import { err, ok } from './answers.ts'
import { offerLines } from './offer-lines.ts'
import { updateLines } from './update-lines.ts'

/**
 * The longest wait of a claim. A host that waits is heard only when it asks again, and one that was not heard for a lease may
 * be replaced by another machine: with the usual lease of 90 s these are 50 s.
 */
export const waitSecondsMax = (leaseSeconds: number): number => Math.min(50, Math.floor((leaseSeconds * 5) / 9))

export type ClaimRequest = FastifyRequest<{ Querystring: Record<string, string | undefined> }>

/** The long poll. The newest request of an agent for a slot is the one that counts: an older one of it is let go. */
export function claimPlugin(services: Services, publicUrlOf: (request: FastifyRequest) => string) {
  const waiting = new Map<string, AbortController>()

  return async (request: ClaimRequest, reply: FastifyReply, hostId: number) => {
    const wish = readClaim(request, hostId)
    if (typeof wish === 'string') return err(reply, 400, wish)
    const condition = readCondition(request.body as Buffer)
    if (typeof condition === 'string') return err(reply, 400, condition)
    const gone = new AbortController()
    const place = `${hostId} ${wish.slot} ${wish.instance}` // the host's former agent must not end its successor's wait
    waiting.get(place)?.abort()
    waiting.set(place, gone)
    reply.raw.once('close', () => gone.abort('answered, or hung up')) // a reason given spares an Error with its stack
    try {
      const seconds = Math.min(wireNumber(request.query.wait) ?? 0, waitSecondsMax(services.farm.settings.leaseSeconds))
      const found = await awaitWork(services, wish, condition, {
        until: Date.now() + seconds * 1000,
        gone: gone.signal,
      })
      if (typeof found === 'object' && 'words' in found)
        return tooOld(reply, found.words, await services.agentRelease())
      return answer(reply, found, publicUrlOf(request))
    } finally {
      if (waiting.get(place) === gone) waiting.delete(place)
    }
  }
}

type TooOld = Extract<SlotState, { kind: 'too-old' }>
type Found = Offer | 'none' | 'other-instance' | 'no-slot' | Extract<SlotState, { kind: 'stale' }> | TooOld

/** What heals it comes with the refusal; an agent that has the offered version already would not be too old. */
const tooOld = (reply: FastifyReply, words: string, release: AgentRelease) =>
  err(reply, 426, words, updateLines(release, undefined))

function answer(reply: FastifyReply, found: Exclude<Found, TooOld>, publicUrl: string): FastifyReply {
  if (found === 'no-slot') return err(reply, 400, 'this host said with hello that it has fewer slots')
  if (found === 'other-instance')
    return err(reply, 409, 'another agent runs as this host: say hello first, or stop one of them')
  if (typeof found !== 'string' && 'newest' in found)
    return err(reply, 409, 'stale claim: this slot has claimed with this number or a larger one', [
      ['claim', found.newest],
    ])
  return ok(reply, found === 'none' ? nothing : offerLines(found, publicUrl))
}

const nothing: WireLine[] = [['none', 0]]

function readClaim({ query }: ClaimRequest, hostId: number): Claim | string {
  const slot = wireNumber(query.slot)
  const claim = wireNumber(query.claim)
  if (query.instance === undefined) return 'the parameter "instance" is missing'
  if (slot === undefined || slot < 1) return 'the parameter "slot" is not a number from 1 on'
  if (claim === undefined) return 'the parameter "claim" is not a number of at most 9 digits'
  return { hostId, instance: query.instance, slot, claim }
}

function readCondition(body: Buffer | undefined): HostCondition | string {
  if (!body || body.length === 0) return {}
  const read = readLines(body.toString('utf8'))
  if (read.kind === 'malformed') return read.problem
  const diskFreeMb = wireNumber(lineValue(read.lines, 'disk_mb'))
  const refusal = lineValue(read.lines, 'refuse')
  return { diskFreeMb, refusal: refusal === undefined ? undefined : cut(refusal, 500) }
}

interface Patience {
  until: number
  /** The host hung up, or has asked again. */
  gone: AbortSignal
}

async function awaitWork(
  services: Services,
  wish: Claim,
  condition: HostCondition,
  patience: Patience,
): Promise<Found> {
  // Subscribed before the first look, so that a message which arrives in between is not missed.
  const bell = ring(services, wish.hostId, patience)
  try {
    for (;;) {
      const state = await services.farm.attempts.checkSlot(wish, condition)
      if (state.kind === 'offer') return state.offer
      if (state.kind === 'stale' || state.kind === 'too-old') return state
      if (state.kind === 'no-slot' || state.kind === 'other-instance') return state.kind
      const mayRun = state.kind === 'free' && condition.refusal === undefined
      const found = mayRun ? await takeOrWait(services, wish, bell) : (await bell.rung()) ? undefined : 'none'
      if (found) return found
      if (state.kind === 'paused') return 'none' // it may have been let go on: the host asks again at once
    }
  } finally {
    bell.silence()
  }
}

/**
 * Takes now, else once the bell has rung. Undefined: it rang and there was no message. Perhaps an older request of this slot
 * had taken it when its host hung up: look at the slot again.
 */
async function takeOrWait(services: Services, wish: Claim, bell: Bell): Promise<Found | undefined> {
  const found = await takeOffer(services, wish, bell)
  if (found) return found
  return (await bell.rung()) ? takeOffer(services, wish, bell) : 'none'
}

/** Takes messages until one names an attempt that is still queued; undefined when there are no more. */
async function takeOffer(services: Services, wish: Claim, bell: Bell): Promise<Found | undefined> {
  const { farm, dispatch, bus } = services
  while (!bell.gone) {
    const name = await dispatch.take(wish.hostId)
    const attempt = name === undefined ? undefined : parseAttemptName(name)
    if (name === undefined || !attempt) return undefined
    const offer = await farm.attempts.lease(wish, attempt)
    if (offer && bell.gone) bus.publish(topics.host(wish.hostId)) // the slot's next request may have looked already
    if (offer) return offer
    // Was the message out of date, or is this claim? Then whoever asks for the host now must find the message.
    const state = await farm.attempts.checkSlot(wish)
    if (state.kind === 'free') continue
    await giveBack(services, { hostId: wish.hostId, attempt: name })
    return answerTo(state)
  }
  return undefined
}

/** To one whose slot is not free. */
function answerTo(state: Exclude<SlotState, { kind: 'free' }>): Found {
  switch (state.kind) {
    case 'offer':
      return state.offer
    case 'stale':
    case 'too-old':
      return state
    case 'paused':
      return 'none'
    default:
      return state.kind
  }
}

async function giveBack({ dispatch, bus }: Services, message: QueuedAttempt): Promise<void> {
  // The reconcile task sends it anew if this fails.
  await dispatch.send([message]).catch(() => {})
  bus.publish(topics.host(message.hostId))
}

type Bell = ReturnType<typeof ring>

/** `rung()` is true when the host's bell has rung since it was asked last, false when the patience is over. */
function ring({ bus }: Services, hostId: number, { until, gone }: Patience) {
  let rang = false
  let over = gone.aborted
  let wake = () => {}
  const end = () => {
    over = true
    wake()
  }
  const timer = setTimeout(end, Math.max(0, until - Date.now()))
  gone.addEventListener('abort', end)
  const unsubscribe = bus.subscribe(topics.host(hostId), () => {
    rang = true
    wake()
  })
  return {
    async rung(): Promise<boolean> {
      if (!rang && !over) await new Promise<void>(resolve => (wake = resolve))
      rang = false
      return !over
    },
    /** Nobody waits for the answer any more. */
    get gone() {
      return gone.aborted
    },
    silence() {
      clearTimeout(timer)
      gone.removeEventListener('abort', end)
      unsubscribe()
    },
  }
}

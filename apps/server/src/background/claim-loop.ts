import type { Claim, Farm, HostCondition, Offer, SlotState } from '@rumpfarm/farm'
import { type Bus, topics } from '../events/bus.ts'
import type { Dispatch } from './dispatch.ts'

/** Waits for work for one slot of a host. */
export interface ClaimLoop {
  /**
   * Resolves with a job, with the reason why the slot gets no job, or with `none` after `waitMs`. If the same agent sends
   * a newer request for the slot, this request ends.
   */
  waitForWork(claim: Claim, options: WaitOptions): Promise<ClaimResult>
}

export interface WaitOptions {
  condition: HostCondition
  waitMs: number
  /** Calls its argument when the host closes the request. */
  onClosed(end: () => void): void
  /**
   * Calls its argument when this server stops, until the returned function is called. Then the wait ends with `none`, and
   * the host claims at another server.
   */
  onEnding?: ((end: () => void) => () => void) | undefined
}

/** The result of a claim: `none` if a free or paused slot has no work, otherwise the state of the slot. */
export type ClaimResult = Exclude<SlotState, { kind: 'free' | 'paused' }> | { kind: 'none' }

const none: ClaimResult = { kind: 'none' }

interface Services {
  farm: Pick<Farm, 'attempts'>
  dispatch: Pick<Dispatch, 'remove'>
  bus: Bus
}

export function openClaimLoop(services: Services): ClaimLoop {
  const newest = new Map<string, WakeUps>()
  return {
    async waitForWork(claim, { condition, ...options }) {
      // The key includes the instance, so that a former agent of the host cannot end the request of the new agent.
      const agentSlot = `${claim.hostId} ${claim.slot} ${claim.instance}`
      const wakeUps = openWakeUps(services.bus, claim.hostId, options)
      newest.get(agentSlot)?.leave()
      newest.set(agentSlot, wakeUps)
      try {
        return await loop(services, claim, condition, wakeUps)
      } finally {
        wakeUps.close()
        if (newest.get(agentSlot) === wakeUps) newest.delete(agentSlot)
      }
    },
  }
}

async function loop(
  services: Services,
  claim: Claim,
  condition: HostCondition,
  wakeUps: WakeUps,
): Promise<ClaimResult> {
  for (;;) {
    const state = await services.farm.attempts.checkSlot(claim, condition)
    if (state.kind !== 'free' && state.kind !== 'paused') return state
    const canRun = state.kind === 'free' && condition.refusal === undefined
    const idle = state.kind === 'free' && state.idle === true
    const result = canRun ? await takeNowOrAfterWakeUp(services, claim, wakeUps, idle) : await noneAfterTimeout(wakeUps)
    if (result) return result
    if (state.kind === 'paused') return none // the wake-up may mean that the host was resumed: the agent claims again
  }
}

const noneAfterTimeout = async (wakeUps: WakeUps) => ((await wakeUps.next()) ? undefined : none)

/**
 * Returns undefined if nothing waits after a wake-up. An older, closed request of this slot may have leased the job. So
 * the caller checks the slot again.
 */
async function takeNowOrAfterWakeUp(
  services: Services,
  claim: Claim,
  wakeUps: WakeUps,
  idle: boolean,
): Promise<ClaimResult | undefined> {
  // If no job waits, a look for a job is useless. A job that is queued after the check of the slot wakes this request.
  const result = idle ? undefined : await takeJob(services, claim, wakeUps)
  if (result) return result
  return (await wakeUps.next()) ? takeJob(services, claim, wakeUps) : none
}

/**
 * Leases to the slot the attempt that the host takes next. The rows decide which one this is, so the host gets a job even
 * if the queue lost the message or does not answer. Returns undefined if nothing waits for the host.
 */
async function takeJob(services: Services, claim: Claim, wakeUps: WakeUps): Promise<ClaimResult | undefined> {
  const { farm, dispatch, bus } = services
  if (wakeUps.gone) return undefined
  const outcome = await farm.attempts.lease(claim)
  if (outcome.kind === 'none') return undefined
  if (outcome.kind === 'offer') {
    dispatch.remove([{ hostId: claim.hostId, attempt: outcome.offer.attempt }])
    return leased(services, claim, outcome.offer, wakeUps)
  }
  bus.publish(topics.host(claim.hostId)) // a newer claim of the slot may need the job
  const state = await farm.attempts.checkSlot(claim)
  if (state.kind === 'free') return undefined
  return state.kind === 'paused' ? none : state
}

function leased({ bus }: Services, { hostId }: Claim, offer: Offer, wakeUps: WakeUps): ClaimResult {
  if (wakeUps.gone) bus.publish(topics.host(hostId)) // a newer request may have checked the slot before this lease
  return { kind: 'offer', offer }
}

type WakeUps = ReturnType<typeof openWakeUps>

/**
 * Receives a host's wake-ups until `waitMs` are over or the request is gone. If a wake-up arrives before the caller
 * calls `next`, `next` resolves at once. Thousands of claims wait, so there are no AbortSignals, which use much CPU.
 */
function openWakeUps(bus: Bus, hostId: number, { waitMs, onClosed, onEnding }: Omit<WaitOptions, 'condition'>) {
  let pending = false
  let over = false
  let gone = false
  let notify = () => {}
  const end = () => {
    over = true
    notify()
  }
  const leave = () => {
    gone = true
    end()
  }
  const timer = setTimeout(end, waitMs)
  onClosed(leave)
  const forgetEnding = onEnding?.(end)
  const unsubscribe = bus.subscribe(topics.host(hostId), () => {
    pending = true
    notify()
  })
  return {
    /**
     * Resolves with true if a wake-up has arrived since the last call. Resolves with false if the time is over or the
     * request is gone.
     */
    async next(): Promise<boolean> {
      if (!pending && !over) await new Promise<void>(resolve => (notify = resolve))
      pending = false
      return !over
    },
    /** True if the host has closed the request, or if a newer request has replaced it. */
    get gone() {
      return gone
    },
    leave,
    close() {
      clearTimeout(timer)
      forgetEnding?.()
      unsubscribe()
    },
  }
}

import { cut, lineValue, okAnswer, readLines, wireNumber } from '@rumpfarm/contracts'
import type { Claim, HostCondition } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AgentRelease } from '../../agent-release/release.ts'
import type { ClaimResult } from '../../background/claim-loop.ts'
import type { Services } from '../../services.ts'
import { err, ok, send } from './answers.ts'
import type { Bearer } from './bearer.ts'
import { offerLines } from './offer-lines.ts'
import { updateLines } from './update-lines.ts'

/**
 * The longest wait of a claim: 50 s with the default lease of 90 s. During the wait, the host sends nothing. The wait
 * is shorter than a lease, because another machine may replace a host that is silent for a whole lease.
 */
export const waitSecondsMax = (leaseSeconds: number): number => Math.min(50, Math.floor((leaseSeconds * 5) / 9))

export type ClaimRequest = FastifyRequest<{ Querystring: Record<string, string | undefined> }>

interface Claimant {
  bearer: Bearer
  publicUrl(): string
  /** Looks the host up again if it has not the remembered credential any more. Undefined after an answer to the host. */
  findAgain(): Promise<Bearer | undefined>
}

/** Answers the long poll of an agent that waits for a job. */
export async function answerClaim(
  services: Services,
  request: ClaimRequest,
  reply: FastifyReply,
  claimant: Claimant,
): Promise<FastifyReply> {
  const { farm, claimLoop, agentRelease, draining } = services
  const claim = readClaim(request, claimant.bearer)
  if (typeof claim === 'string') return err(reply, 400, claim)
  const condition = readCondition(request.body as Buffer)
  if (typeof condition === 'string') return err(reply, 400, condition)
  const seconds = Math.min(wireNumber(request.query.wait) ?? 0, waitSecondsMax(farm.settings.leaseSeconds))
  const result = await claimLoop.waitForWork(claim, {
    condition,
    waitMs: seconds * 1000,
    onClosed: end => (reply.raw.destroyed ? end() : void reply.raw.once('close', end)),
    onEnding: draining && (end => draining.onEnding(end)),
  })
  if (result.kind === 'too-old') return tooOld(reply, result, await agentRelease())
  if (result.kind !== 'unknown-credential') return answer(reply, result, claimant.publicUrl)
  const bearer = await claimant.findAgain()
  return bearer ? answerClaim(services, request, reply, { ...claimant, bearer }) : reply
}

type TooOld = Extract<ClaimResult, { kind: 'too-old' }>

/** The answer always offers the current version, because an agent that is too old never has this version. */
const tooOld = (reply: FastifyReply, { why }: TooOld, release: AgentRelease) =>
  err(reply, 426, why, updateLines(release, undefined))

type Answered = Exclude<ClaimResult, TooOld | { kind: 'unknown-credential' }>

function answer(reply: FastifyReply, result: Answered, publicUrl: () => string): FastifyReply {
  switch (result.kind) {
    case 'offer':
      return ok(reply, offerLines(result.offer, publicUrl()))
    case 'none':
      return send(reply, noJob)
    case 'stale': {
      const text = 'stale claim: this slot has already claimed with this number or a larger one'
      return err(reply, 409, text, [['claim', result.newest]])
    }
    case 'other-instance':
      return err(reply, 409, 'another agent runs as this host: send hello first, or stop one of the two agents')
    case 'no-slot':
      return err(reply, 400, 'the last hello of this host named fewer slots')
  }
}

const noJob = okAnswer([['none', 0]])

function readClaim({ query }: ClaimRequest, { id: hostId, unchecked: credential }: Bearer): Claim | string {
  const slot = wireNumber(query.slot)
  const claim = wireNumber(query.claim)
  if (query.instance === undefined) return 'the parameter "instance" is missing'
  if (slot === undefined || slot < 1) return 'the parameter "slot" must be a number, 1 or larger'
  if (claim === undefined) return 'the parameter "claim" must be a number of at most 9 digits'
  return { hostId, instance: query.instance, slot, claim, credential }
}

function readCondition(body: Buffer | undefined): HostCondition | string {
  if (!body || body.length === 0) return {}
  const read = readLines(body.toString('utf8'))
  if (read.kind === 'malformed') return read.problem
  const diskFreeMb = wireNumber(lineValue(read.lines, 'disk_mb'))
  const refusal = lineValue(read.lines, 'refuse')
  return { diskFreeMb, refusal: refusal === undefined ? undefined : cut(refusal, 500) }
}

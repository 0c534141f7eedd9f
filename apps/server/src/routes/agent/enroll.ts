import { isWireName, lineValue } from '@rumpfarm/contracts'
import type { EnrollOutcome } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../services.ts'
import { err, ok } from './answers.ts'
import { bodyOf } from './body.ts'
import { waitSecondsMax } from './claim.ts'
import { readHostFacts } from './host-facts.ts'

/** Returns the token of the invitation that a request uses. */
export type InvitationOf = (request: FastifyRequest, lines: [string, string][]) => string | undefined

/** Makes a machine a host of the farm, if its invitation is valid. */
export async function answerEnroll(
  { farm }: Services,
  invitationOf: InvitationOf,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const read = readHostFacts(bodyOf(request))
  if (read.kind === 'problem') return err(reply, 400, read.problem)
  const { lines, facts, version } = read.value
  const token = invitationOf(request, lines) ?? ''
  const nonce = lineValue(lines, 'nonce') ?? ''
  if (!isWireName(token) || !isWireName(nonce)) return err(reply, 400, 'the lines "token" and "nonce" are needed')
  const signed = request.signed !== undefined
  const outcome = await farm.hosts.enroll({ token, nonce, version, facts, signed })
  return answer(reply, outcome, waitSecondsMax(farm.settings.leaseSeconds))
}

function answer(reply: FastifyReply, outcome: EnrollOutcome, poll: number): FastifyReply {
  const advice = 'ask an administrator of the farm for a new command'
  switch (outcome.kind) {
    case 'enrolled': {
      const { hostName, credential, arch } = outcome
      return ok(reply, [
        ['host', hostName],
        ...(credential === undefined ? [] : [['credential', credential] as const]),
        ['arch', arch],
        ['poll', poll],
      ])
    }
    case 'unknown-invitation':
      return err(reply, 401, `this invitation is not known to the farm: ${advice}`)
    case 'expired':
      return err(reply, 410, `this invitation expired at ${outcome.at.toISOString()}: ${advice}`)
    case 'used':
      return err(
        reply,
        409,
        `this invitation was used at ${outcome.at.toISOString()} to enrol ${outcome.hostName}: ${advice}`,
      )
    case 'name-taken':
      return err(
        reply,
        409,
        `another host has had the name ${outcome.hostName} since ${outcome.at.toISOString()}: ${advice} with another name`,
      )
  }
}

import { errAnswer, okAnswer, type WireError, type WireLine } from '@rumpfarm/contracts'
import { isStorageAway, isStorageFull } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'

/**
 * The HTTP status is always 200, because old HTTP clients hide the body of an answer with an error status. The first
 * line of the body gives the result.
 */
export const send = (reply: FastifyReply, text: string): FastifyReply =>
  reply.code(200).type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(text)

export const ok = (reply: FastifyReply, lines: readonly WireLine[] = []): FastifyReply => send(reply, okAnswer(lines))

export const err = (
  reply: FastifyReply,
  code: WireError,
  text: string,
  lines: readonly WireLine[] = [],
): FastifyReply => send(reply, errAnswer(code, text, lines))

/** Answers a message if the farm cannot store its bytes now; undefined if the error has another cause. */
export function notStored(
  reply: FastifyReply,
  cause: unknown,
  lines: readonly WireLine[] = [],
): FastifyReply | undefined {
  if (isStorageFull(cause)) return err(reply, 503, 'the disk of the farm is full', [['retry', 30], ...lines])
  if (isStorageAway(cause)) return err(reply, 503, 'the bucket of the farm does not answer', [['retry', 10], ...lines])
  return undefined
}

export const unknownCredential = (reply: FastifyReply): FastifyReply =>
  err(reply, 401, 'this credential is not known to the farm: it was revoked, or it belongs to another farm')

export const unknownAttempt = (reply: FastifyReply): FastifyReply => err(reply, 404, 'this host has no such attempt')

export const leaseLost = (reply: FastifyReply): FastifyReply =>
  err(reply, 410, 'the lease is lost: the attempt is over, or another machine of this host has it')

/** Answers a message about an attempt that the host does not run. */
export const notHeld = (reply: FastifyReply, kind: 'unknown' | 'lease-lost'): FastifyReply =>
  kind === 'unknown' ? unknownAttempt(reply) : leaseLost(reply)

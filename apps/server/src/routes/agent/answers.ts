import { errAnswer, okAnswer, type WireError, type WireLine } from '@rumpfarm/contracts'
import type { FastifyReply } from 'fastify'

/** Status 200 whatever happened, because old clients hide the body of any other: the first line says what happened. */
export const send = (reply: FastifyReply, text: string): FastifyReply =>
  reply.code(200).type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(text)

export const ok = (reply: FastifyReply, lines: readonly WireLine[] = []): FastifyReply => send(reply, okAnswer(lines))

export const err = (
  reply: FastifyReply,
  code: WireError,
  text: string,
  lines: readonly WireLine[] = [],
): FastifyReply => send(reply, errAnswer(code, text, lines))

import { type AttemptId, type Checksum, parseAttemptName, readChecksum, wireNumber } from '@rumpfarm/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { err } from './answers.ts'

export type Query = Record<string, string | undefined>

export type AttemptRequest = FastifyRequest<{ Params: { attempt: string; number: string }; Querystring: Query }>

/** A message of a host about an attempt. */
export interface AttemptMessage<Body> {
  attempt: AttemptId
  /** The attempt's name. */
  name: string
  hostId: number
  query: Query
  body: Body
}

/**
 * Returns undefined if the address does not contain a valid attempt name. If the request has no body, the message has
 * the body `empty`.
 */
export function readAttemptMessage<Body>(request: AttemptRequest, empty: Body): AttemptMessage<Body> | undefined {
  const name = request.params.attempt
  const attempt = parseAttemptName(name)
  const body = (request.body as Body | undefined) ?? empty
  return attempt && { attempt, name, hostId: request.bearer.id, query: request.query, body }
}

/** Returns the bytes of a chunk; undefined if their number is not the parameter "len". */
export function readBytes({ query, body }: AttemptMessage<Buffer[]>): Buffer[] | undefined {
  const bytes = query.enc === 'hex' ? [Buffer.from(Buffer.concat(body).toString('latin1'), 'hex')] : body
  const length = bytes.reduce((sum, piece) => sum + piece.length, 0)
  return wireNumber(query.len ?? '0') === length ? bytes : undefined
}

export const wrongLength = (reply: FastifyReply): FastifyReply =>
  err(reply, 422, 'the body does not have the length that the parameter "len" names')

/**
 * Returns the checksum that the request gives for its body. Returns null if the body is empty, and undefined if the
 * checksum is malformed.
 */
export const readBodyChecksum = ({ query }: AttemptMessage<unknown>, bytes: Buffer[]): Checksum | null | undefined =>
  bytes.every(piece => piece.length === 0) ? null : readChecksum(query.sum ?? 'none')

export const wrongSum = (reply: FastifyReply): FastifyReply =>
  err(reply, 422, 'the checksum "sum" does not match the body')

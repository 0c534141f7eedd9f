import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { matches } from './etag.ts'
import { problem } from './problems.ts'
import { readRange } from './range.ts'
import { untrustedHeaders } from './security-headers.ts'

/** Bytes of a host's, of which everything may be expected. */
export interface HostsBytes {
  /** For a person: what this is. */
  what: string
  size: number
  /** It may still grow. */
  growing: boolean
  type: string
  disposition: string
  /** Of the bytes as they are now; undefined while they grow. */
  etag: string | undefined
  read(start: number, end: number): Readable
}

/** The bytes as the host sent them, whatever they are: with nosniff and a sandbox, so that no browser takes them for a page. */
export function sendBytes(request: FastifyRequest, reply: FastifyReply, bytes: HostsBytes): FastifyReply {
  const { size, etag } = bytes
  headers(reply, bytes)
  if (etag !== undefined && matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
  const range = readRange(rangeAsked(request, etag), size)
  if (range === 'outside') {
    reply.header('content-range', `bytes */${size}`)
    return problem(reply, 'range-outside', `the ${bytes.what} has ${size} bytes${bytes.growing ? ' so far' : ''}`)
  }
  const { start, end } = range ?? { start: 0, end: size }
  if (range) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`)
  reply.header('content-length', end - start)
  return reply.send(request.method === 'HEAD' || start === end ? '' : bytes.read(start, end))
}

function headers(reply: FastifyReply, { type, disposition, etag }: HostsBytes): void {
  reply
    .type(type)
    .headers(untrustedHeaders)
    .header('accept-ranges', 'bytes')
    .header('content-disposition', disposition)
    .header('cache-control', 'no-cache')
  if (etag !== undefined) reply.header('etag', etag)
}

/** RFC 9110, 13.1.5: a range of something else than what the caller has is no use to them. */
function rangeAsked({ headers }: FastifyRequest, etag: string | undefined): string | undefined {
  const only = headers['if-range']
  return only === undefined || only === etag ? headers.range : undefined
}

import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { matches } from './etag.ts'
import { problem } from './problems.ts'
import { readRange } from './range.ts'
import { untrustedHeaders } from './security-headers.ts'

/** The bytes of a log or an artifact. A host has sent them, so they can contain anything. */
export interface HostBytes {
  /** The kind of the file, for messages: `log` or `artifact`. */
  what: string
  size: number
  /** True if the file can still grow. */
  growing: boolean
  type: string
  disposition: string
  /** The ETag of the bytes; undefined while the file can still grow. */
  etag: string | undefined
  read(start: number, end: number): Readable
}

/** Sends the bytes unchanged, with headers that keep a browser from showing them as a page. */
export function sendBytes(request: FastifyRequest, reply: FastifyReply, bytes: HostBytes): FastifyReply {
  const { size, etag } = bytes
  headers(reply, bytes)
  if (etag !== undefined && matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
  const range = readRange(requestedRange(request, etag), size)
  if (range === 'outside') {
    reply.header('content-range', `bytes */${size}`)
    return problem(reply, 'range-outside', `the ${bytes.what} has ${size} bytes${bytes.growing ? ' so far' : ''}`)
  }
  const { start, end } = range ?? { start: 0, end: size }
  if (range) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`)
  reply.header('content-length', end - start)
  return reply.send(request.method === 'HEAD' || start === end ? '' : bytes.read(start, end))
}

function headers(reply: FastifyReply, { type, disposition, etag }: HostBytes): void {
  reply
    .type(type)
    .headers(untrustedHeaders)
    .header('accept-ranges', 'bytes')
    .header('content-disposition', disposition)
    .header('cache-control', 'no-cache')
  if (etag !== undefined) reply.header('etag', etag)
}

/** Returns the requested range; undefined if If-Range (RFC 9110, 13.1.5) names another version of the file. */
function requestedRange({ headers }: FastifyRequest, etag: string | undefined): string | undefined {
  const only = headers['if-range']
  return only === undefined || only === etag ? headers.range : undefined
}

import type { Readable } from 'node:stream'
import accepts from 'accepts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { addVary } from './compression.ts'
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
  /** The whole file as the farm stores it compressed; undefined if it does not. */
  gzip?: { bytes: number; read(): Readable } | undefined
}

/** Sends the bytes unchanged, with headers that keep a browser from showing them as a page. */
export function sendBytes(request: FastifyRequest, reply: FastifyReply, bytes: HostBytes): FastifyReply {
  const { size, etag } = bytes
  headers(reply, bytes)
  if (bytes.gzip && prefersGzip(request)) return sendGzip(request, reply, bytes.gzip, etag)
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

/** A range is always one of the uncompressed bytes, so that it does not depend on how the farm stores them. */
const prefersGzip = (request: FastifyRequest): boolean =>
  request.headers.range === undefined && accepts(request.raw).encodings(['gzip', 'identity']) === 'gzip'

/** Both forms of a file are strongly equal to themselves only, so each has its own ETag (RFC 9110, 8.8.3.3). */
function sendGzip(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  gzip: NonNullable<HostBytes['gzip']>,
  etag: string | undefined,
): FastifyReply {
  reply.removeHeader('accept-ranges').header('content-encoding', 'gzip')
  if (etag !== undefined) {
    const own = etag.replace(/"$/, '-gzip"')
    reply.header('etag', own)
    if (matches(headers['if-none-match'], own)) return reply.code(304).removeHeader('content-encoding').send()
  }
  reply.header('content-length', gzip.bytes)
  return reply.send(method === 'HEAD' ? '' : gzip.read())
}

function headers(reply: FastifyReply, { type, disposition, etag, gzip }: HostBytes): void {
  reply
    .type(type)
    .headers(untrustedHeaders)
    .header('accept-ranges', 'bytes')
    .header('content-disposition', disposition)
    .header('cache-control', 'no-cache')
  if (etag !== undefined) reply.header('etag', etag)
  if (gzip) addVary(reply, 'Accept-Encoding')
}

/** Returns the requested range; undefined if If-Range (RFC 9110, 13.1.5) names another version of the file. */
function requestedRange({ headers }: FastifyRequest, etag: string | undefined): string | undefined {
  const only = headers['if-range']
  return only === undefined || only === etag ? headers.range : undefined
}

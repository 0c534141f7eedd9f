import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import accepts from 'accepts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** A smaller answer fits into one or two packets anyway. */
export const compressedBytesMin = 1024

export type Coding = 'br' | 'gzip'

/** Higher levels save some per cent, and cost several times the processor time (docs/decisions/0028). */
export const compress: Record<Coding, (text: string | Buffer) => Promise<Buffer>> = {
  br: text =>
    brotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: text.length } }),
  gzip: text => zip(text, { level: 6 }),
}
const brotli = promisify(brotliCompress)
const zip = promisify(gzip)

/**
 * Compresses whole texts: pages, JSON, CSV. Never streams, because a reader of a stream must get each part at once, and
 * never bytes of hosts, because their ranges and strong ETags count uncompressed bytes. Call it after the hooks that
 * need the text, such as `weakEtags`: weak ETags are the same for each coding.
 */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (typeof payload !== 'string' || payload.length < compressedBytesMin || !isCompressible(reply)) return payload
    addVary(reply, 'Accept-Encoding')
    const coding = isSecret(request, reply) ? undefined : codingOf(request)
    if (coding === undefined) return payload
    weaken(reply)
    reply.header('content-encoding', coding).removeHeader('content-length')
    return compress[coding](payload)
  })
}

const isCompressible = (reply: FastifyReply): boolean =>
  ![206, 304].includes(reply.statusCode) &&
  !reply.hasHeader('content-encoding') &&
  !reply.hasHeader('accept-ranges') &&
  /^(text\/(?!event-stream)|application\/(.+\+)?(json|xml|javascript)|image\/svg\+xml)/.test(
    String(reply.getHeader('content-type') ?? ''),
  )

/**
 * The size of a compressed answer tells how often a text occurs in it. An attacker who can add a text to an answer could
 * guess a secret in the same answer (BREACH). Only the pages of administrators contain secrets: the tokens of forms.
 */
const isSecret = ({ visitor }: FastifyRequest, reply: FastifyReply): boolean =>
  visitor?.kind === 'administrator' || /no-store|no-transform/.test(String(reply.getHeader('cache-control') ?? ''))

/** Brotli is smaller, so it has priority if the client accepts both. */
export function codingOf({ raw }: FastifyRequest): Coding | undefined {
  const accepted = accepts(raw).encodings()
  return (['br', 'gzip'] as const).find(coding => accepted.includes(coding))
}

/** A strong ETag is for one coding only. */
function weaken(reply: FastifyReply): void {
  const etag = reply.getHeader('etag')
  if (typeof etag === 'string' && !etag.startsWith('W/')) reply.header('etag', `W/${etag}`)
}

/** Adds a name to the header Vary. */
export function addVary(reply: FastifyReply, name: string): void {
  const names = String(reply.getHeader('vary') ?? '')
    .split(',')
    .map(one => one.trim())
    .filter(one => one !== '')
  if (!names.some(one => one === '*' || one.toLowerCase() === name.toLowerCase()))
    reply.header('vary', [...names, name].join(', '))
}

import { createHash } from 'node:crypto'
import { type RequestSignature, readSignature, signAnswer } from '@rumpfarm/contracts'
import type { Farm, SignatureOutcome, Signer } from '@rumpfarm/farm'
import { sign } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Count } from '../../http/rate-limits.ts'
import type { Services } from '../../services.ts'
import { err } from './answers.ts'
import { cached, gathered } from './bearer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The signer of this request, and the nonce for the signature of the answer; undefined if the request has no valid
     * signature.
     */
    signed: { signer: Signer; nonce: string } | undefined
  }
}

/** Accepts only signed requests, and signs the answers to them: docs/agent-protocol.md, "Signed requests". */
export function requireSignatures(
  app: FastifyInstance,
  { farm, bus }: Pick<Services, 'farm' | 'bus'>,
  countUnknown: Count,
): void {
  const check = checker(farm, bus)
  app.decorateRequest('signed', undefined)
  // The server must read the body before this check, because the signature covers the checksum of the body.
  app.addHook('preHandler', async (request, reply) => {
    const signature = readSignature(request.raw.url ?? '')
    if (!signature) {
      await countUnknown(request, reply)
      return err(reply, 401, 'every request to this port must be signed; do not send a credential')
    }
    const { signer, outcome } = await check(request, signature)
    // Never sign the answer to a request with a bad signature. Otherwise an attacker could obtain a signed nonce.
    if (!signer || outcome.kind === 'forged') {
      await countUnknown(request, reply)
      return err(reply, 401, 'this request is not signed by a host of this farm')
    }
    request.signed = { signer, nonce: signature.nonce }
    return refuse(reply, outcome)
  })
  app.addHook('onSend', async ({ signed }, _reply, payload) =>
    signed && typeof payload === 'string'
      ? signAnswer(payload, signed.nonce, text => sign(signed.signer.key, text))
      : payload,
  )
}

function refuse(reply: FastifyReply, outcome: SignatureOutcome): FastifyReply | undefined {
  if (outcome.kind === 'wrong-time') return err(reply, 401, `clock ${outcome.now}`)
  if (outcome.kind === 'replayed') return err(reply, 401, 'replay')
  return undefined
}

function checker(farm: Farm, bus: Services['bus']) {
  const signers = cached(
    gathered(names => farm.access.findSigners(names)),
    bus,
  )
  const checkAs = async (request: FastifyRequest, signature: RequestSignature) => {
    const signer = await signers.named(signature.by)
    if (!signer) return { signer, outcome: { kind: 'forged' } as SignatureOutcome }
    const signed = { ...signature, method: request.method, bodySum: sumOf(request.body) }
    return { signer, outcome: await farm.access.checkSignature(signer.key, signed) }
  }
  return async (request: FastifyRequest, signature: RequestSignature) => {
    const first = await checkAs(request, signature)
    if (first.outcome.kind !== 'forged') return first
    signers.forget(signature.by) // if the host has enrolled again, the cached key is wrong
    return checkAs(request, signature)
  }
}

function sumOf(body: unknown): string {
  const hash = createHash('sha256')
  for (const piece of Array.isArray(body) ? body : [body]) if (piece instanceof Uint8Array) hash.update(piece)
  return hash.digest('hex')
}

import type { FastifyReply } from 'fastify'
import { type ProblemKind, problemKinds } from './kinds.ts'

/** Further members of the JSON object, for programs. */
export type Details = Record<string, unknown>

/** Answers with RFC 9457's application/problem+json. */
export function problem(reply: FastifyReply, kind: ProblemKind, detail: string, details: Details = {}): FastifyReply {
  const [status, title] = problemKinds[kind]
  const instance = reply.server.publicPath + reply.request.url.split('?')[0]
  const body = { type: `urn:rumpfarm:problem:${kind}`, title, status, detail, instance, ...details }
  return reply.code(status).header('content-type', 'application/problem+json').serializer(JSON.stringify).send(body)
}

/** Makes the detail of a problem a sentence for a page. */
export const sentenceOf = (detail: string): string => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`

/** Thrown by a hook or a route that refuses a request. Each plugin answers in the format of its audience. */
export class Refusal extends Error {
  readonly statusCode: number

  /** `details` are for programs. `retryAfterSeconds` is the header Retry-After. */
  constructor(
    readonly kind: ProblemKind,
    message: string,
    readonly details: Details = {},
    readonly retryAfterSeconds?: number,
  ) {
    super(message)
    this.statusCode = problemKinds[kind][0]
  }
}

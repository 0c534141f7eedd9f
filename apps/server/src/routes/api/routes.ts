import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { api } from '@rumpfarm/contracts'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import Type from 'typebox'

/** An instance whose routes' schemas are their types. */
export type ApiInstance = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** What every route may also answer. */
const refusal = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: api.ref(api.Problem) } },
})
export const refusals = { '4xx': refusal('Refused'), '5xx': refusal('The farm cannot answer') }

/** The document's words for who may call. */
export const forAdmins = [{ token: [] }]

export const noContent = (description: string) => Type.Unsafe<undefined>({ type: 'null', description })

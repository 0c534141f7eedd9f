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
export const refusals = { '4xx': api.ref(api.Problem), '5xx': api.ref(api.Problem) }

/** The document's words for who may call. */
export const forAdmins = [{ token: [] }]

export const noContent = (description: string) => Type.Unsafe<undefined>({ type: 'null', description })

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { api } from '@rumpfarm/contracts'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import Type, { type TSchema } from 'typebox'
import { bulkItemsMax } from '../../http/ndjson.ts'
import { type ProblemKind, problemKinds } from '../../http/problems.ts'
import { wordsOf } from './operations.ts'

/** The requests and answers of this instance's routes have the types of their schemas. */
export type ApiInstance = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Error answers that every route can have. */
const refusal = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: api.ref(api.Problem) } },
})
export const refusals = { '4xx': refusal('The request was refused'), '5xx': refusal('The farm cannot answer now') }

/**
 * The error answers of a route: problems of these kinds, and the errors that every route can have. The document lists
 * the kinds by their status.
 */
export function refusalsFor(...kinds: ProblemKind[]) {
  const statuses = [...new Set(kinds.map(kind => problemKinds[kind][0]))]
  const answers = statuses.map(status => {
    const words = kinds.filter(kind => problemKinds[kind][0] === status).map(wordsOf)
    return [status, refusal(words.join('. '))]
  })
  return { ...(Object.fromEntries(answers) as Record<never, never>), ...refusals }
}

/** Marks a route that needs a token, for the OpenAPI document. */
export const forAdmins = [{ token: [] }]

export const noContent = (description: string) => Type.Unsafe<undefined>({ type: 'null', description })

/** The answer of a list: a page as JSON, or all items as NDJSON. */
export const pageOrLines = <Page extends TSchema & { $id?: string }>(page: Page, item: string) => ({
  description: 'One page of the list, or all items',
  content: {
    'application/json': { schema: api.ref(page) },
    'application/x-ndjson': {
      schema: Type.String({
        description: `One ${item} per line. After ${bulkItemsMax} items, the last line is {"next": "ADDRESS OF THE REST"}`,
      }),
    },
  },
})

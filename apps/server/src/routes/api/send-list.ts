import type { FastifyReply, FastifyRequest } from 'fastify'
import { type BulkAnswers, wantsLines } from '../../http/ndjson.ts'
import { type PagedList, pageOf, pageSize } from '../../http/pagination.ts'

interface ListQuery {
  limit?: number
  format?: string
}

export interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
}

/** Answers with one page of a list as JSON, or with the rest of the list as NDJSON, after the key `after`. */
export async function sendList<Item, Key extends string | number>(
  bulk: BulkAnswers,
  { request, reply }: Exchange,
  list: PagedList<Item, Key>,
  after: Key | undefined,
) {
  const { limit = pageSize, format } = request.query as ListQuery
  if (wantsLines(request, format)) return bulk.send(request, reply, list, after)
  return pageOf(await list.read(after, limit + 1), limit, list.keyOf, { request, reply })
}

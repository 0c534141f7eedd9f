import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { withoutDeadline } from '@rumpfarm/farm'
import accepts from 'accepts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { nextAddress, type PagedList, writeCursor } from './pagination.ts'
import { Refusal } from './problems.ts'

/** One answer has at most this many items. Its last line then has the address of the rest. */
export const bulkItemsMax = 100_000
/** The server reads this many items at once. It reads the next items only after the client has received these. */
export const bulkBatchSize = 200
/** A server sends at most this many bulk answers at the same time, because each holds up to a batch in memory. */
export const bulkAnswersMax = 20

const ndjson = 'application/x-ndjson'

/** True if the request wants one JSON value per line: `format=ndjson`, or the header Accept if there is no format. */
export const wantsLines = ({ raw }: FastifyRequest, format: string | undefined): boolean =>
  format === undefined ? accepts(raw).type(['application/json', ndjson]) === ndjson : format === 'ndjson'

/** Sends whole lists as NDJSON. */
export class BulkAnswers {
  #open = 0

  get open(): number {
    return this.#open
  }

  /** Sends all items after the item with the key `after`. Throws a refusal if too many bulk answers are being sent. */
  send<Item, Key extends string | number>(
    request: FastifyRequest,
    reply: FastifyReply,
    list: PagedList<Item, Key>,
    after?: Key,
  ): FastifyReply {
    if (this.#open >= bulkAnswersMax) {
      const detail = `${bulkAnswersMax} bulk answers are being sent: try again later`
      throw new Refusal('too-many-requests', detail, {}, 30)
    }
    this.#open += 1
    withoutDeadline()
    // The stream reads when the client has received a batch. The queries must run as a part of this request.
    const inRequest = AsyncLocalStorage.snapshot()
    const read: typeof list.read = (...page) => inRequest(list.read, ...page)
    const lines = Readable.from(linesOf(request, reply, { ...list, read }, after), {
      objectMode: false,
      highWaterMark: 1,
    })
    lines.once('close', () => {
      this.#open -= 1
    })
    return reply.type(ndjson).header('cache-control', 'no-store').header('vary', 'Accept').send(lines)
  }
}

/** Yields the lines of a batch as one text. */
async function* linesOf<Item, Key extends string | number>(
  request: FastifyRequest,
  reply: FastifyReply,
  { read, keyOf, schema }: PagedList<Item, Key>,
  first?: Key,
): AsyncGenerator<string> {
  const write = reply.compileSerializationSchema(schema as Record<string, unknown>)
  let after = first
  for (let sent = 0; sent < bulkItemsMax; sent += bulkBatchSize) {
    const items = await read(after, bulkBatchSize + 1)
    const batch = items.slice(0, bulkBatchSize)
    if (batch.length > 0) yield batch.map(item => `${write(item as never)}\n`).join('')
    const last = batch.at(-1)
    if (last !== undefined) after = keyOf(last)
    if (items.length <= bulkBatchSize) return
  }
  if (after !== undefined) yield `${JSON.stringify({ next: nextAddress(request, writeCursor(after)) })}\n`
}

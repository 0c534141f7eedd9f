import { setTimeout as sleep } from 'node:timers/promises'
import type { FarmClient } from './client.ts'
import type { components, paths } from './generated/api.ts'
import { queryText } from './lists.ts'
import { canRetry } from './refusal.ts'
import { textLines } from './text-lines.ts'

type Schemas = components['schemas']

/** An event of the farm. `id` is the point from which a later call of `events` can continue. */
export type FarmEvent = { id: string | undefined } & (
  | { event: 'build'; data: Schemas['BuildSummary'] }
  | { event: 'job'; data: Schemas['JobSummary'] }
  | { event: 'cell'; data: Schemas['CellSummary'] }
  /** The host of the cell was removed. */
  | { event: 'cell-removed'; data: Schemas['CellKey'] }
  /** Events are missing before this point: read the lists again. */
  | { event: 'reset' }
)

export interface EventOptions {
  /** The filter, for example `{ project: 'sample', kind: 'build' }`. */
  query?: Omit<NonNullable<paths['/api/v1/events']['get']['parameters']['query']>, 'after'>
  /** The id of an event of an earlier call. Then the events begin after it, and not now. */
  after?: string | undefined
  /** Ends the events. */
  signal?: AbortSignal
}

/** The farm sends something every 15 s. After this time without a message, the connection is broken. */
const silenceMsMax = 45_000
const [pauseMsMin, pauseMsMax] = [1_000, 30_000]

/**
 * The events of the farm, until the caller stops or `signal` aborts. If the connection breaks, this function connects
 * again and continues, so that no event is missing; an event can arrive twice. Throws a `Refusal` if the farm does not
 * accept the request.
 */
export async function* events(client: FarmClient, options: EventOptions = {}): AsyncGenerator<FarmEvent, void> {
  const { query, signal } = options
  const path = `/api/v1/events${queryText(query)}`
  let id = options.after
  for (let pauseMs = pauseMsMin; !signal?.aborted; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    try {
      for await (const message of messages(client, path, id, signal)) {
        pauseMs = pauseMsMin / 2
        id = message.id ?? id
        const event = eventOf(message, id)
        if (event) yield event
      }
    } catch (error) {
      if (signal?.aborted) return
      if (!canRetry(error as Error)) throw error
    }
    await sleep(pauseMs, undefined, signal ? { signal } : {}).catch(() => {}) // the condition of the loop checks the signal
  }
}

interface Message {
  event: string
  data: string
  id: string | undefined
}

function eventOf({ event, data }: Message, id: string | undefined): FarmEvent | undefined {
  if (event === 'reset') return { event, id }
  if (event === 'build' || event === 'job' || event === 'cell' || event === 'cell-removed')
    return { event, id, data: JSON.parse(data) }
  return undefined // the event `alive`, or an event of a newer farm
}

/** The messages of one connection. */
async function* messages(
  client: FarmClient,
  path: string,
  after: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Message, void> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), silenceMsMax)
  try {
    const headers = { accept: 'text/event-stream', ...(after === undefined ? {} : { 'last-event-id': after }) }
    const signals = signal ? [signal, silence.signal] : [silence.signal]
    const { body } = await client.fetch(path, { headers, signal: AbortSignal.any(signals) })
    let fields: Partial<Message> = {}
    for await (const line of textLines(body)) {
      timer.refresh()
      const [, name = '', value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
      if (line === '') {
        if (fields.event !== undefined) yield { event: fields.event, data: fields.data ?? '', id: fields.id }
        fields = {}
      } else if (name === 'data' && fields.data !== undefined) fields.data += `\n${value}`
      else if (name === 'event' || name === 'data' || name === 'id') fields[name] = value
    }
  } finally {
    clearTimeout(timer)
  }
}

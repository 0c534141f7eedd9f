import { api } from '@rumpfarm/contracts'
import type { FastifyReply } from 'fastify'
import { encodeEvents } from '../dashboard/live/server-event.ts'
import type { EventStream } from '../dashboard/live/stream.ts'
import { WakeUp } from '../dashboard/live/wake-up.ts'
import type { Batch, Change } from './change-feed.ts'

export interface Filter {
  kind?: 'build' | 'job' | 'cell' | undefined
  project?: string | undefined
  build?: number | undefined
  host?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
}

/** True if the filter selects the change. A build has no host, so a filter for a host, arch or variant hides builds. */
function selects({ kind, project, build, host, arch, variant }: Filter, change: Change): boolean {
  const { value } = change
  const buildId = buildOf(change)
  const place = change.kind === 'build' ? undefined : change.value
  return (
    (kind === undefined || kind === change.kind || `${kind}-removed` === change.kind) &&
    (project === undefined || project === value.project) &&
    (build === undefined || build === buildId) &&
    (host === undefined || host === place?.host) &&
    (arch === undefined || arch === place?.arch) &&
    (variant === undefined || variant === place?.variant)
  )
}

/** The build of a change. A removed cell belongs to no build. */
function buildOf(change: Change): number | undefined {
  if (change.kind === 'cell-removed') return undefined
  return change.kind === 'build' ? change.value.id : change.value.buildId
}

export type Writers = Record<Change['kind'], (value: never) => string>

/** Functions that write the JSON of an event, with the members of its schema only. */
const schemas: Record<Change['kind'], object> = {
  build: api.ref(api.BuildSummary),
  job: api.ref(api.JobSummary),
  cell: api.ref(api.CellSummary),
  'cell-removed': api.ref(api.CellKey),
}
export function writersOf(reply: FastifyReply): Writers {
  const writer = (kind: Change['kind']) => reply.compileSerializationSchema(schemas[kind] as Record<string, unknown>)
  return { build: writer('build'), job: writer('job'), cell: writer('cell'), 'cell-removed': writer('cell-removed') }
}

/** The streams of a server share the changes, so the server encodes each change once. */
const encodedChanges = new WeakMap<Change, Buffer>()

function encoded(change: Change, write: Writers): Buffer {
  const known = encodedChanges.get(change)
  if (known) return known
  const bytes = encodeEvents([{ event: change.kind, data: write[change.kind](change.value as never) }])
  encodedChanges.set(change, bytes)
  return bytes
}

/** A slow client has at most this many bytes of events in the server's memory, or one event. */
const pieceBytes = 64 * 1024

/** Joins buffers, because each write costs time. */
function* pieces(buffers: readonly Buffer[]): Generator<Buffer> {
  let [joined, bytes]: [Buffer[], number] = [[], 0]
  for (const buffer of buffers) {
    if (bytes > 0 && bytes + buffer.length > pieceBytes) {
      yield Buffer.concat(joined)
      ;[joined, bytes] = [[], 0]
    }
    joined.push(buffer)
    bytes += buffer.length
  }
  yield Buffer.concat(joined)
}

/** The id of an event is a time in milliseconds. Clients must not read it, so that its format can change. */
const idOf = (at: Date): string => String(at.getTime())

/** If more events than these wait for a slow client, the client gets `reset` instead. A whole read has fewer changes. */
const waitingMax = 7_000
const aliveMs = 15_000

/** Sends the events of one stream. Of several changes of one job, build or cell, it sends the newest. */
export class Follower {
  readonly #filter: Filter
  readonly #write: Writers
  readonly #wakeUp = new WakeUp()
  #waiting = new Map<string, Change>()
  #complete = true
  #at = new Date(0)

  constructor(filter: Filter, write: Writers) {
    this.#filter = filter
    this.#write = write
  }

  add({ changes, at, complete }: Batch): void {
    this.#complete &&= complete
    for (const change of changes.filter(each => selects(this.#filter, each))) {
      this.#waiting.delete(change.key) // the event moves to the end
      this.#waiting.set(change.key, change)
    }
    if (this.#waiting.size > waitingMax) this.#complete = false
    if (!this.#complete) this.#waiting.clear()
    if (at > this.#at) this.#at = at
    if (this.#waiting.size > 0 || !this.#complete) this.#wakeUp.wake()
  }

  async send(stream: EventStream, missed: Batch): Promise<void> {
    this.add(missed)
    while (!stream.closed.aborted) {
      await this.#sendWaiting(stream)
      await this.#wakeUp.wait(aliveMs, stream.closed)
    }
  }

  /** Only the last event has the new id, so a client whose connection breaks before it gets all of them again. */
  async #sendWaiting(stream: EventStream): Promise<void> {
    const [changes, complete, id] = [[...this.#waiting.values()], this.#complete, idOf(this.#at)]
    this.#waiting.clear()
    this.#complete = true
    if (!complete) await stream.send({ event: 'reset', data: '', ...(changes.length === 0 ? { id } : {}) })
    if (changes.length > 0) await this.#sendChanges(stream, changes, id)
    else if (complete) await stream.send({ event: 'alive', data: '', id })
  }

  async #sendChanges(stream: EventStream, changes: readonly Change[], id: string): Promise<void> {
    const events = changes.map(change => encoded(change, this.#write))
    for (const piece of pieces([...events.slice(0, -1), Buffer.from(`id: ${id}\n`), ...events.slice(-1)])) {
      stream.write(piece)
      await stream.drained()
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import type { OpenWire, Wire } from './wire.ts'

const channel = 'rumpfarm'
/** PostgreSQL refuses payloads of 8,000 bytes and more. */
const payloadBytesMax = 7_900
/** If PostgreSQL does not answer for this time, the connection counts as broken. */
const answerMs = 5_000
/** A PostgreSQL that does not answer delays the end of this server no longer. */
const closeMs = 500
const retryMs = (tries: number): number => Math.min(tries * 200, 2_000)

/**
 * LISTEN and NOTIFY over one connection of its own. The payload is at most 7,900 bytes, and no message is larger
 * (docs/decisions/0035). While the connection is broken, messages are lost.
 */
export const postgresWire =
  (connectionString: string, log: Logger): OpenWire =>
  events => {
    const wire = new PostgresWire(connectionString, log, events)
    wire.connect()
    return wire
  }

class PostgresWire implements Wire {
  readonly bytesMax = payloadBytesMax
  readonly #connectionString: string
  readonly #log: Logger
  readonly #events: Parameters<OpenWire>[0]
  #client: pg.Client | undefined
  #sending: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #tries = 0

  constructor(connectionString: string, log: Logger, events: Parameters<OpenWire>[0]) {
    this.#connectionString = connectionString
    this.#log = log
    this.#events = events
  }

  connect(): void {
    const client = new pg.Client({
      connectionString: this.#connectionString,
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
      keepAlive: true,
    })
    client.on('notification', ({ payload = '' }) => this.#events.received(payload))
    const broken = once((error: Error) => this.#reconnect(client, error))
    client.on('error', broken)
    client.on('end', () => broken(new Error('PostgreSQL closed the connection')))
    client
      .connect()
      .then(() => client.query(`LISTEN ${channel}`))
      .then(() => this.#ready(client), broken)
  }

  /** A connection runs one query at a time. */
  send(text: string): Promise<void> {
    const sent = this.#sending.then(() => this.#notify(text))
    this.#sending = sent.catch(() => {})
    return sent
  }

  async #notify(text: string): Promise<void> {
    const client = this.#client
    if (!client) throw new Error('not connected')
    try {
      await client.query('SELECT pg_notify($1, $2)', [channel, text])
    } catch (error) {
      client.emit('error', error as Error) // a payload always fits, so the connection is broken
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    const client = this.#client
    if (client) await Promise.race([client.end().catch(() => {}), sleep(closeMs)])
  }

  #ready(client: pg.Client): void {
    if (this.#closed) return void client.end().catch(() => {})
    if (this.#tries > 0) this.#log.info('the connection for wake-ups between servers works again')
    this.#tries = 0
    this.#client = client
    this.#events.ready()
  }

  #reconnect(client: pg.Client, error: Error): void {
    if (this.#client === client) this.#client = undefined
    streamOf(client)?.destroy() // end() would wait for a PostgreSQL that does not answer
    if (this.#closed) return
    if (this.#tries++ === 0)
      this.#log.warn(
        { problem: error.message },
        'the connection for wake-ups between servers is broken; until it works again, they arrive up to 10 s late',
      )
    this.#timer = setTimeout(() => this.connect(), retryMs(this.#tries))
  }
}

/** The types of pg do not have the socket. */
const streamOf = (client: pg.Client) =>
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream

function once<Value>(act: (value: Value) => void): (value: Value) => void {
  let done = false
  return value => {
    if (done) return
    done = true
    act(value)
  }
}

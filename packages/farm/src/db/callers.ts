import { AsyncLocalStorage } from 'node:async_hooks'
import { setMaxListeners } from 'node:events'

/** For whom a query runs. It decides which connections the query uses (pools.ts). */
export type Caller = Reader | Task

/** A request that only reads. */
export interface Reader {
  kind: 'reader'
  /** The address, session or token that sent the request. All requests of a client share its part of the connections. */
  client: string
  /** When the signal is aborted, PostgreSQL ends the queries of this reader. */
  signal: AbortSignal
  /** The queries of this reader end at this time, in milliseconds of `performance.now()`; undefined for no such limit. */
  deadline: number | undefined
  /** Whether answers from history may be some seconds old (replica.ts). */
  mayBeLate: boolean
}

/** A background task. */
interface Task {
  kind: 'task'
}

const callers = new AsyncLocalStorage<Caller>()

/** The caller of the running code; undefined for commands and for requests of hosts. */
export const caller = (): Caller | undefined => callers.getStore()

export const reader = (): Reader | undefined => {
  const found = callers.getStore()
  return found?.kind === 'reader' ? found : undefined
}

/** All queries of a request end within this time. */
const readMs = 5_000

/**
 * Runs `run` for a client that only reads. Its queries end after five seconds, and when the signal is aborted. With
 * `mayBeLate`, the lists of old builds and jobs may come from a replica, which is some seconds late.
 */
export const asReader = <Result>(
  client: string,
  signal: AbortSignal,
  run: () => Result,
  { mayBeLate = false } = {},
): Result => runAs({ kind: 'reader', client, signal, deadline: performance.now() + readMs, mayBeLate }, run)

/** Runs a background task. Its queries have connections of their own. */
export const asTask = <Result>(run: () => Result): Result => callers.run({ kind: 'task' }, run)

/**
 * Runs `run`, which may take longer than the request that began it, for several requests. All these requests count as
 * one client. When the signal is aborted, PostgreSQL ends the queries that `run` has started.
 */
export const untilAborted = <Result>(signal: AbortSignal, run: () => Result): Result =>
  runAs({ kind: 'reader', client: 'shared results', signal, deadline: undefined, mayBeLate: false }, run)

function runAs<Result>(found: Reader, run: () => Result): Result {
  setMaxListeners(0, found.signal) // each query that runs or waits has a listener
  return callers.run(found, run)
}

/** The signal of the reader for whom the running code works; undefined if there is no reader. */
export const readerSignal = (): AbortSignal | undefined => reader()?.signal

/** Counts the further queries of this request for a known client, such as a session, instead of for its address. */
export function identifyReader(client: string): void {
  const found = reader()
  if (found) found.client = client
}

/** The answer to this request takes longer than a page, such as a stream. Each query still has its own limit. */
export function withoutDeadline(): void {
  const found = reader()
  if (found) found.deadline = undefined
}

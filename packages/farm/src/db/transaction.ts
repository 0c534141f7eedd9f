import type { Clock } from '../clock.ts'
import type { Context } from '../context.ts'
import type { FarmEvent } from '../events.ts'
import type { Statements } from './client.ts'

/** A transaction that is running. */
export interface Tx extends Statements {
  /** The time of the farm's clock. */
  now: Clock
  /** Emits the event after the commit. If the transaction fails, nothing is emitted. */
  emit(event: FarmEvent): void
  /** Runs the action after the commit. Use it for files and caches, because a rollback does not restore them. */
  afterCommit(action: () => void): void
}

type Emitting = Pick<Context, 'db' | 'emit'>

/** Runs `work` in one transaction on pg's connection, and then emits its events in their order. */
export async function inTransaction<Result>(
  { db, emit, now }: Pick<Context, 'db' | 'emit' | 'now'>,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  const actions: (() => void)[] = []
  const afterCommit = (action: () => void) => void actions.push(action)
  const result = await db.transaction(statements =>
    work({ ...statements, now, emit: event => afterCommit(() => emit(event)), afterCommit }),
  )
  for (const act of actions) act()
  return result
}

/** Runs one statement, which is its own transaction, and then emits the events of its result. */
export async function withEvents<Result>(
  { db, emit }: Emitting,
  run: (statements: Statements) => Promise<Result>,
  eventsOf: (result: Result) => readonly FarmEvent[],
): Promise<Result> {
  const result = await run(db)
  for (const event of eventsOf(result)) emit(event)
  return result
}

import { NoTurn } from './query-limit.ts'
import { OutOfTime } from './read-pool.ts'

// PostgreSQL's error codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
const uniqueViolation = '23505'
const queryCanceled = '57014'
const diskFull = '53100'

/** Whether PostgreSQL rejected a statement because of a unique index. */
export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === uniqueViolation

/** Whether the disk had no room for a row, a log or an artifact. */
export const isStorageFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', diskFull].includes(codeOf(error))

/** Whether the farm gave up a page's query: PostgreSQL took too long, no connection was free, or the reader left. */
export function isGivenUp(error: unknown): boolean {
  const { message, name } = (error ?? {}) as { message?: string; name?: string }
  return (
    error instanceof NoTurn ||
    error instanceof OutOfTime ||
    codeOf(error) === queryCanceled ||
    name === 'AbortError' ||
    /timeout exceeded when trying to connect|due to connection timeout|Query read timeout|took longer than its limit|operation was aborted|queries of this (client|kind) are running/.test(
      message ?? '',
    )
  )
}

/**
 * Whether a replica failed in a way that the primary would not: it does not answer or stops, it cancelled a query to
 * apply changes, or it does not have the newest migration yet.
 */
export const isReplicaFailure = (error: unknown): boolean =>
  /^(E[A-Z]+|08...|57P0[123]|40001|42P01|42703)$/.test(codeOf(error)) ||
  /Connection terminated|timeout exceeded when trying to connect|due to connection timeout/.test(
    (error as Error | undefined)?.message ?? '',
  )

/** Whether a query could not start because of other queries of the same client. */
export const isOwnDoing = (error: unknown): boolean =>
  error instanceof NoTurn ? error.own : ownTexts.test((error as Error | undefined)?.message ?? '')

// Prisma puts the text of an error of the pool into an error of its own.
const ownTexts = /queries of this client are running|more of this client wait/

/** The code of PostgreSQL, from pg or inside Prisma's error; otherwise the code of the operating system. */
function codeOf(error: unknown): string {
  const { code, meta } = (error ?? {}) as { code?: unknown; meta?: PrismaMeta }
  return String(meta?.driverAdapterError?.cause?.originalCode ?? code)
}

interface PrismaMeta {
  driverAdapterError?: { cause?: { originalCode?: unknown } }
}

import { type AttemptId, attemptName, readChecksum } from '@rumpfarm/contracts'
import { type ExpectedLog, packedBytesMin, pathOfLog } from '@rumpfarm/storage'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { aliveSeconds } from '../servers/servers.ts'

/** A server that ended an attempt compresses the log at once. After this time, another server does it. */
const retrySeconds = 300
const rowsAtOnce = 20
/** Further logs wait in the table only. */
const waitingMax = 1000
/** Servers before this migration cannot read compressed logs. */
const firstMigration = '20261130160000'
const checkMs = 10_000

/** Whether the farm compresses a log of this size after its end. */
export const isPackable = ({ bytes }: ExpectedLog): boolean => bytes >= packedBytesMin

/** Notes in the transaction that ends an attempt that its log must be compressed. */
export const noteLogToPack = (tx: Tx, { jobId, number }: AttemptId): Promise<number> => tx.execute`
  INSERT INTO "LogToPack" ("jobId", "number", "nextAt") VALUES (${jobId}, ${number}, ${later(tx.now(), retrySeconds)})
  ON CONFLICT DO NOTHING`

type PackContext = Omit<Context, 'packLog'>

interface Waiting {
  attempt: AttemptId
  expected: ExpectedLog
}

/**
 * Compresses the logs of ended attempts in the background, one at a time, and compares them with the checksums of their
 * hosts. If this process dies, the rows stay, and `takeOver` does it later.
 */
export class LogPacker {
  readonly #context: PackContext
  readonly #waiting = new Map<string, Waiting>()
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined
  /** Why a log was not compressed, for the next `takeOver`. */
  #problem: unknown
  #mayPack = { until: 0, value: false }

  constructor(context: PackContext) {
    this.#context = context
  }

  /** Compresses a log soon. */
  add(attempt: AttemptId, expected: ExpectedLog): void {
    if (this.#closing.signal.aborted || this.#waiting.size >= waitingMax) return
    this.#waiting.set(attemptName(attempt), { attempt, expected })
    this.#running ??= this.#run()
  }

  /** Adds logs that a server left. Call this method every few seconds. Throws why a log was not compressed. */
  async takeOver(): Promise<void> {
    const problem = this.#problem
    this.#problem = undefined
    if (this.#waiting.size === 0 && (await this.#allServersCanRead()))
      for (const { attempt, expected } of await claimRows(this.#context)) this.add(attempt, expected)
    if (problem !== undefined) throw problem
  }

  /** Resolves when no log waits. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#waiting.clear()
    await this.settled()
  }

  async #run(): Promise<void> {
    for (const [name, waiting] of this.#waiting) {
      try {
        // Later, `takeOver` finds the row.
        if (await this.#allServersCanRead()) await packLog(this.#context, waiting, this.#closing.signal)
      } catch (error) {
        if (!this.#closing.signal.aborted) this.#problem ??= error
      }
      this.#waiting.delete(name)
    }
    this.#running = undefined
  }

  async #allServersCanRead(): Promise<boolean> {
    if (Date.now() < this.#mayPack.until) return this.#mayPack.value
    const { db, now } = this.#context
    const older = await db.query`
      SELECT 1 FROM "Server" WHERE "seenAt" > ${later(now(), -aliveSeconds)} AND "migration" < ${firstMigration} LIMIT 1`
    this.#mayPack = { until: Date.now() + checkMs, value: older.length === 0 }
    return this.#mayPack.value
  }
}

async function packLog(context: PackContext, { attempt, expected }: Waiting, signal: AbortSignal): Promise<void> {
  const outcome = await context.logs.pack(attempt, expected, signal)
  if (outcome === 'busy') return
  await inTransaction(context, async tx => {
    const { jobId, number } = attempt
    await tx.execute`DELETE FROM "LogToPack" WHERE "jobId" = ${jobId} AND "number" = ${number}`
    if (outcome !== 'differs') return
    await tx.execute`
      INSERT INTO "DamagedLog" ("jobId", "number", "foundAt") VALUES (${jobId}, ${number}, ${tx.now()}) ON CONFLICT DO NOTHING`
    tx.emit({ kind: 'log-damaged', attempt: attemptName(attempt), file: pathOfLog(attempt) })
  })
}

/** Rows whose servers did not compress the log in time. No other server gets them for `retrySeconds`. */
async function claimRows({ db, now }: PackContext): Promise<Waiting[]> {
  const at = now()
  const rows = await db.query<AttemptId & { logBytes: number; logSum: string | null }>`
    WITH claimed AS (
      UPDATE "LogToPack" SET "nextAt" = ${later(at, retrySeconds)}
       WHERE ("jobId", "number") IN (
         SELECT "jobId", "number" FROM "LogToPack" WHERE "nextAt" <= ${at} ORDER BY "nextAt" LIMIT ${rowsAtOnce} FOR UPDATE SKIP LOCKED)
      RETURNING "jobId", "number"
    )
    SELECT claimed."jobId"::float8 AS "jobId", claimed."number", COALESCE(a."logBytes", 0)::float8 AS "logBytes", a."logSum"
      FROM claimed LEFT JOIN "Attempt" a ON a."jobId" = claimed."jobId" AND a."number" = claimed."number"`
  return rows.map(({ jobId, number, logBytes, logSum }) => ({
    attempt: { jobId, number },
    expected: { bytes: logBytes, checksum: (logSum === null ? null : readChecksum(logSum)) ?? null },
  }))
}

/** When the farm found that stored logs of a job are damaged, by the numbers of the attempts. */
export async function damagedLogs({ db }: Context, jobId: number): Promise<ReadonlyMap<number, Date>> {
  const rows = await db.query<{ number: number; foundAt: Date }>`
    SELECT "number", "foundAt" FROM "DamagedLog" WHERE "jobId" = ${jobId}`
  return new Map(rows.map(({ number, foundAt }) => [number, foundAt]))
}

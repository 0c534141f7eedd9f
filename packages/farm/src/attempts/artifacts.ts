import { Readable } from 'node:stream'
import { type AttemptId, type Checksum, type ChecksumKind, writeChecksum } from '@rumpfarm/contracts'
import { appendChunk, type Chunk, type ChunkOutcome, checksumsOf, lengthOf } from '@rumpfarm/storage'
import type { Context } from '../context.ts'
import { isActive } from '../db/fragments.ts'
import { inTransaction } from '../db/transaction.ts'
import { artifactRefusal, isResultFile, type StoredFiles } from './artifact-room.rule.ts'
import type { StoredArtifact } from './end-attempts.ts'
import { type Holder, holdLease } from './held-lease.ts'
import type { RunningAttempt } from './running.ts'

/** Bytes of a file that a job uploads. */
export interface ArtifactChunk extends Holder, Chunk {
  name: string
  /** The size of the whole file. */
  size: number
}

export type ArtifactOutcome =
  | ChunkOutcome
  /** The farm does not store the file. */
  | { kind: 'refused'; why: string }
  /** The bytes go beyond the size of the file. */
  | { kind: 'too-long' }
  | { kind: 'unknown' }
  | { kind: 'lease-lost' }

type NotAdmitted = Exclude<ArtifactOutcome, ChunkOutcome>

/** Stores a file of a job, chunk by chunk, like the log. Each message is also a heartbeat and renews the lease. */
export async function storeArtifact(context: Context, message: ArtifactChunk): Promise<ArtifactOutcome> {
  const running = await holdLease(context, message)
  if (typeof running === 'string') return { kind: running }
  if (running.cancel) return { kind: 'refused', why: 'the job was cancelled' }
  if (message.offset + lengthOf(message.bytes) > message.size) return { kind: 'too-long' }
  const rejected = await admit(context, running, message)
  if (rejected) return rejected
  const file = context.artifacts.open(message)
  await file.refreshSize()
  return appendChunk(file, message, message.size)
}

/**
 * Adds the file's row, with the size of the whole file, if there is room for the file. Then returns undefined;
 * otherwise returns why the farm does not store the file.
 */
async function admit(
  context: Context,
  running: RunningAttempt,
  message: ArtifactChunk,
): Promise<NotAdmitted | undefined> {
  const { jobId, number, name, size } = message
  const [known] = await context.db.query<{ bytes: number }>`
    SELECT "bytes" FROM "Artifact" WHERE "jobId" = ${jobId} AND "number" = ${number} AND "name" = ${name}`
  if (known?.bytes === size) return undefined
  const refusal = await inTransaction(context, async (tx): Promise<NotAdmitted | undefined> => {
    // The lock on the attempt's row admits one new file at a time, so that two files cannot take the same room.
    const held = await tx.query`
      SELECT 1 FROM "OpenAttempt" WHERE "jobId" = ${jobId} AND "number" = ${number} AND "lease" = ${message.lease}
         AND ${isActive} FOR UPDATE`
    if (held.length === 0) return { kind: 'lease-lost' }
    const isResult = isResultFile(running.resultPatterns, name)
    const [others = { count: 0, bytes: 0 }] = await tx.query<StoredFiles>`
      SELECT count(*) FILTER (WHERE "isResult" = ${isResult})::int AS "count", COALESCE(sum("bytes"), 0)::int AS "bytes"
        FROM "Artifact" WHERE "jobId" = ${jobId} AND "number" = ${number} AND "name" <> ${name}`
    const why = artifactRefusal(size, others, { bytesMax: running.artifactBytesMax, isResult })
    if (why !== undefined) return { kind: 'refused', why }
    await tx.execute`
      INSERT INTO "Artifact" ("jobId", "number", "name", "bytes", "isResult")
      VALUES (${jobId}, ${number}, ${name}, ${size}, ${isResult})
      ON CONFLICT ("jobId", "number", "name") DO UPDATE SET "bytes" = EXCLUDED."bytes"`
    return undefined
  })
  // A file with another size is another file, so the farm drops the stored bytes of the earlier file.
  if (!refusal) await context.artifacts.open(message).clear()
  return refusal
}

/** A file that the host reports as sent. */
export interface ReportedArtifact {
  name: string
  bytes: number
  /** The checksum of the whole file; null if the host has no tool for checksums. */
  checksum: Checksum | null
}

/** An agent waits 20 s for the answer. A slow disk may need 10 ms to seal a file, and there can be 2,100 files. */
const checkedAtOnce = 16

type Incomplete = { kind: 'artifact-incomplete'; name: string; size: number }

/**
 * Seals the reported files on the disk. If the farm does not have a file exactly as the host reports it, returns the
 * first such file instead.
 */
export async function checkArtifacts(
  context: Context,
  attempt: AttemptId,
  reported: readonly ReportedArtifact[],
): Promise<StoredArtifact[] | Incomplete> {
  if (reported.length === 0) return []
  const { jobId, number } = attempt
  const found = await context.db.models.artifact.findMany({ where: { jobId, number } })
  const rows = new Map(found.map(row => [row.name, row]))
  const check = async (artifact: ReportedArtifact) => {
    const row = rows.get(artifact.name)
    const sealed = row?.sealedAt != null
    return row?.bytes === artifact.bytes ? checkOne(context, { jobId, number }, artifact, sealed) : 0
  }
  const stored: StoredArtifact[] = []
  for (let from = 0; from < reported.length; from += checkedAtOnce) {
    const some = reported.slice(from, from + checkedAtOnce)
    for (const [index, one] of (await Promise.all(some.map(check))).entries()) {
      if (typeof one === 'number') return { kind: 'artifact-incomplete', name: some[index]?.name ?? '', size: one }
      stored.push(one)
    }
  }
  return stored
}

/** Checks and seals one file. If the result is a number, the host must send the file again from this offset. */
async function checkOne(
  { artifacts }: Context,
  attempt: AttemptId,
  { name, bytes, checksum }: ReportedArtifact,
  sealed: boolean,
): Promise<StoredArtifact | number> {
  const key = { ...attempt, name }
  const size = await artifacts.size(key)
  if (size < bytes) return size
  const kinds: ChecksumKind[] = checksum ? ['sha256', checksum.kind] : ['sha256']
  // For an empty file, the last byte to read would be before the first byte.
  const sums = await checksumsOf(bytes === 0 ? Readable.from([]) : artifacts.read(key, 0, bytes), kinds)
  const matches = checksum === null || sums[checksum.kind] === checksum.value
  if (size > bytes || !matches) {
    if (!sealed) await artifacts.open(key).clear()
    return 0
  }
  if (!sealed) await artifacts.open(key).seal()
  return { name, sum: writeChecksum(checksum), sha256: sums.sha256 }
}

import { Readable } from 'node:stream'
import type { AttemptId } from '@rumpfarm/contracts'
import { lengthOf, type Piece, type PieceOutcome, type SumKind, sumsOf, takePiece } from '@rumpfarm/storage'
import type { Context } from '../context.ts'
import { artifactRefusal } from './artifact-room.rule.ts'
import { type Holder, hold } from './progress.ts'
import type { Running } from './running.ts'

/** Bytes of a file that a job leaves. */
export interface ArtifactPiece extends Holder, Piece {
  name: string
  /** Of the whole file. */
  size: number
}

export type ArtifactOutcome =
  | PieceOutcome
  /** It will not be kept. */
  | { kind: 'refused'; why: string }
  /** The bytes go beyond the size that was named. */
  | { kind: 'too-long' }
  | { kind: 'unknown' }
  | { kind: 'lease-lost' }

/** Keeps a file of a job, piece by piece as its log came; it is the sign of life and renews the lease, too. */
export async function storeArtifact(context: Context, message: ArtifactPiece): Promise<ArtifactOutcome> {
  const running = await hold(context, message)
  if (typeof running === 'string') return { kind: running }
  if (running.cancel) return { kind: 'refused', why: 'the job was cancelled' }
  if (message.offset + lengthOf(message.bytes) > message.size) return { kind: 'too-long' }
  const refused = await admit(context, running, message)
  if (refused) return refused
  const file = context.artifacts.open(message)
  file.look()
  return takePiece(file, message, message.size)
}

/** Undefined: its row is there, with this size, and there is room for it. */
async function admit(
  context: Context,
  running: Running,
  message: ArtifactPiece,
): Promise<Exclude<ArtifactOutcome, PieceOutcome> | undefined> {
  const { jobId, number, name, size } = message
  const [known] = await context.db.$queryRaw<{ bytes: number }[]>`
    SELECT "bytes" FROM "Artifact" WHERE "jobId" = ${jobId} AND "number" = ${number} AND "name" = ${name}`
  if (known?.bytes === size) return undefined
  return context.db.$transaction(async tx => {
    // The attempt's row, locked, lets one newcomer after the other look at what there is.
    const held = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM "Attempt" WHERE "jobId" = ${jobId} AND "number" = ${number} AND "lease" = ${message.lease}
         AND "state" IN ('leased', 'running') FOR UPDATE`
    if (held.length === 0) return { kind: 'lease-lost' }
    const [others = { count: 0, bytes: 0 }] = await tx.$queryRaw<{ count: number; bytes: number }[]>`
      SELECT count(*)::int AS "count", COALESCE(sum("bytes"), 0)::int AS "bytes" FROM "Artifact"
       WHERE "jobId" = ${jobId} AND "number" = ${number} AND "name" <> ${name}`
    const why = artifactRefusal(size, others, running.artifactBytesMax)
    if (why !== undefined) return { kind: 'refused', why }
    await tx.$executeRaw`
      INSERT INTO "Artifact" ("jobId", "number", "name", "bytes") VALUES (${jobId}, ${number}, ${name}, ${size})
      ON CONFLICT ("jobId", "number", "name") DO UPDATE SET "bytes" = EXCLUDED."bytes"`
    // Another size is another file.
    context.artifacts.open(message).truncate(0)
    return undefined
  })
}

/** What the host says of a file that it has sent. */
export interface ToldArtifact {
  name: string
  bytes: number
  /** Of the whole file, or `none`. */
  sum: string
}

export interface KeptArtifact {
  name: string
  sum: string
  sha256: string
}

type Incomplete = { kind: 'artifact-incomplete'; name: string; size: number }

/** The told files as they can be kept, on disk for good; or the first that is not here as the host has it. */
export async function checkArtifacts(
  context: Context,
  attempt: AttemptId,
  told: readonly ToldArtifact[],
): Promise<KeptArtifact[] | Incomplete> {
  if (told.length === 0) return []
  const { jobId, number } = attempt
  const rows = await context.db.artifact.findMany({ where: { jobId, number } })
  const kept: KeptArtifact[] = []
  for (const artifact of told) {
    const row = rows.find(({ name }) => name === artifact.name)
    const sealed = row?.sealedAt != null
    const one = row?.bytes === artifact.bytes ? await checkOne(context, { jobId, number }, artifact, sealed) : 0
    if (typeof one === 'number') return { kind: 'artifact-incomplete', name: artifact.name, size: one }
    kept.push(one)
  }
  return kept
}

/** A number: from there on the host must send it. */
async function checkOne(
  { artifacts }: Context,
  attempt: AttemptId,
  { name, bytes, sum }: ToldArtifact,
  sealed: boolean,
): Promise<KeptArtifact | number> {
  const key = { ...attempt, name }
  const size = artifacts.size(key)
  if (size < bytes) return size
  const [kind = 'none', value] = sum.split(':', 2)
  const kinds: SumKind[] = kind === 'none' ? ['sha256'] : ['sha256', kind as SumKind]
  // A stream to before its first byte would be one of all bytes.
  const sums = await sumsOf(bytes === 0 ? Readable.from([]) : artifacts.read(key, 0, bytes), kinds)
  const right = kind === 'none' || sums[kind as SumKind] === value
  if (size > bytes || !right) {
    if (!sealed) artifacts.open(key).truncate(0)
    return 0
  }
  if (!sealed) await artifacts.open(key).seal()
  return { name, sum, sha256: sums.sha256 }
}

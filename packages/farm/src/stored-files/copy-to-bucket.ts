import { parseAttemptName } from '@rumpfarm/contracts'
import { type Bucket, CopyError, copyFile, placeOf, type StoredFileEntry, storedFiles } from '@rumpfarm/storage'
import { type Db, openDatabase } from '../db/client.ts'
import { fileIndex } from '../db/file-index.ts'
import { aliveSeconds } from '../servers/servers.ts'

export interface CopyRequest {
  databaseUrl: string
  bucket: Bucket
  /** The bucket in the words of `ServerFacts`. */
  storage: string
  /** The directory of the logs and artifacts. */
  directory: string
  /** Receives the counts now and then. */
  onProgress?: (copied: CopyReport) => void
}

export interface CopyReport {
  copied: number
  copiedBytes: number
  /** Files whose copies were there. */
  present: number
  /** Files of attempts that are not in the database, and other files. */
  unknown: number
  /** The first files that could not be copied, with the reasons. */
  failed: { path: string; why: string }[]
  failures: number
}

const filesAtOnce = 8
/** The attempts of this many files are one query. */
const filesPerQuery = 500
const failuresShown = 10

/** Thrown before anything is copied. The message is for the operator. */
export class CopyRefusedError extends Error {}

/**
 * Copies the logs and artifacts of a directory to a bucket, also while servers write to the directory. A repeated call
 * copies what is new. Throws the error of the bucket or the database.
 */
export async function copyToBucket(request: CopyRequest): Promise<CopyReport> {
  const { databaseUrl, bucket, directory, onProgress } = request
  const db = openDatabase({
    url: databaseUrl,
    connectionsMax: filesAtOnce,
    limits: { waitMs: 30_000, statementMs: 60_000 },
  })
  const place = placeOf(bucket, fileIndex(db))
  const report: CopyReport = { copied: 0, copiedBytes: 0, present: 0, unknown: 0, failed: [], failures: 0 }

  async function copyOne({ path, bytes }: StoredFileEntry, ended: boolean | undefined): Promise<void> {
    if (ended === undefined) return void report.unknown++
    try {
      const outcome = await copyFile(place, { directory, path, bytes, ended })
      report[outcome]++
      if (outcome === 'copied') report.copiedBytes += bytes
    } catch (error) {
      if (!(error instanceof CopyError)) throw error
      report.failures++
      if (report.failed.length < failuresShown) report.failed.push({ path, why: error.message })
    }
  }

  try {
    await refuseOtherBucket(db, request.storage)
    for await (const files of groups(storedFiles(directory), filesPerQuery)) {
      const ends = await endsOf(db, files)
      const left = files.map((file, index) => () => copyOne(file, ends[index]))
      await Promise.all(
        Array.from({ length: filesAtOnce }, async () => {
          for (let next = left.pop(); next; next = left.pop()) await next()
        }),
      )
      onProgress?.(report)
    }
    return report
  } finally {
    await db.close()
  }
}

/** The copy replaces the objects of files that this bucket does not have. Running servers must not need those objects. */
async function refuseOtherBucket(db: Db, storage: string): Promise<void> {
  const [other] = await db.query<{ name: string }>`
    SELECT "name" FROM "Server" WHERE "storage" LIKE 'bucket %' AND "storage" <> ${storage}
       AND "seenAt" > now() - make_interval(secs => ${aliveSeconds}) LIMIT 1`
  if (other)
    throw new CopyRefusedError(
      `the server ${other.name} uses another bucket. Set STORAGE_URL to that bucket, or stop the servers first`,
    )
}

async function* groups<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let group: Item[] = []
  for await (const item of items) {
    if (group.push(item) < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

/** Whether the attempt of each file has ended; undefined if the file belongs to no attempt. */
async function endsOf(db: Db, files: readonly StoredFileEntry[]): Promise<(boolean | undefined)[]> {
  const attempts = files.map(({ path }) => {
    const [, name = ''] = /^\d+\/(\d+\.\d+)\.(log|log\.gz|times|artifacts\/[^/]+)$/.exec(path) ?? []
    return parseAttemptName(name)
  })
  const jobs = attempts.map(attempt => attempt?.jobId ?? 0)
  const numbers = attempts.map(attempt => attempt?.number ?? 0)
  const rows = await db.query<{ ended: boolean | null }>`
    SELECT a."state" = 'finished' AS "ended"
      FROM unnest(${jobs}::bigint[], ${numbers}::int[]) WITH ORDINALITY AS file("jobId", "number", "place")
      LEFT JOIN "Attempt" a ON a."jobId" = file."jobId" AND a."number" = file."number" ORDER BY file."place"`
  return rows.map(({ ended }) => ended ?? undefined)
}

import { later } from '../clock.ts'
import type { Context } from '../context.ts'

const filesAtOnce = 100
/** A file that the storage cannot delete now. */
const retrySeconds = 3600

interface Row {
  jobId: number
  number: number
  kind: 'log' | 'artifacts'
  names: string[]
}

/**
 * Deletes files of attempts whose rows say that they expired. Returns false if there is nothing more to delete now. A
 * server that dies meanwhile leaves the rows, and the next call deletes the files: to delete a file again is harmless.
 */
export async function deleteFiles(context: Context): Promise<boolean> {
  const { db, now } = context
  const rows = await db.query<Row>`
    SELECT "jobId", "number", "kind", "names" FROM "FileToDelete" WHERE "nextAt" <= ${now()} ORDER BY "nextAt" LIMIT ${filesAtOnce}`
  const [gone, left]: [Row[], Row[]] = [[], []]
  let problem: unknown
  for (const row of rows) {
    try {
      await remove(context, row)
      gone.push(row)
    } catch (error) {
      problem = error
      left.push(row)
    }
  }
  await db.execute`
    DELETE FROM "FileToDelete" file USING jsonb_to_recordset(${JSON.stringify(gone)}::jsonb) AS gone("jobId" bigint, "number" int, "kind" text)
     WHERE file."jobId" = gone."jobId" AND file."number" = gone."number" AND file."kind" = gone."kind"`
  if (left.length > 0) {
    await db.execute`
      UPDATE "FileToDelete" file SET "nextAt" = ${later(now(), retrySeconds)}
        FROM jsonb_to_recordset(${JSON.stringify(left)}::jsonb) AS kept("jobId" bigint, "number" int, "kind" text)
       WHERE file."jobId" = kept."jobId" AND file."number" = kept."number" AND file."kind" = kept."kind"`
    throw problem
  }
  return rows.length === filesAtOnce
}

async function remove({ logs, logTimes, artifacts }: Context, { kind, names, ...attempt }: Row): Promise<void> {
  if (kind === 'log') {
    await logs.remove(attempt)
    await logTimes.remove(attempt)
  }
  for (const name of names) await artifacts.remove({ ...attempt, name })
}

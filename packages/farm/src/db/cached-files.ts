import type { FileIndex } from '@rumpfarm/storage'
import type { Statements } from './client.ts'
import { sql } from './sql.ts'

/** A reader that found an object can still read it for this time after the object is outdated. */
export const readSeconds = 600
/** A file that was used in this time stays: the server that uses it records a use at most once a minute. */
const usedSeconds = 60

const addToTotal = sql`ON CONFLICT ("id") DO UPDATE SET "bytes" = "CachedTotal"."bytes" + EXCLUDED."bytes"`

/**
 * The part of the file index for files that the farm can make again. "CachedTotal" always has the sum of their bytes, so
 * no statement reads all of them.
 */
export const cachedFiles = (db: Statements): Pick<FileIndex, 'addCached' | 'useCached' | 'dropCached'> => ({
  async addCached(path, bytes, object) {
    const rows = await db.query`
      WITH added AS (
        INSERT INTO "StoredFile" ("path", "bytes", "segmentBytes", "sealedAt", "object")
        VALUES (${path}, ${bytes}, ${bytes}, now(), ${object}) ON CONFLICT ("path") DO NOTHING RETURNING "path", "bytes"
      ), named AS (
        DELETE FROM "OutdatedObject" WHERE "object" = ${object} AND EXISTS (SELECT FROM added)
      ), former AS (
        SELECT "bytes" FROM "CachedFile" WHERE "path" = ${path}
      ), cached AS (
        INSERT INTO "CachedFile" ("path", "bytes", "usedAt") SELECT "path", "bytes", now() FROM added
        ON CONFLICT ("path") DO UPDATE SET "bytes" = EXCLUDED."bytes", "usedAt" = EXCLUDED."usedAt"
      ), total AS (
        INSERT INTO "CachedTotal" ("bytes") SELECT "bytes" - COALESCE((SELECT "bytes" FROM former), 0) FROM added ${addToTotal}
      )
      SELECT FROM added`
    return rows.length > 0
  },

  // A server of an earlier version added files without a row here.
  async useCached(path) {
    const [file] = await db.query<{ object: string }>`
      WITH used AS (
        INSERT INTO "CachedFile" ("path", "bytes", "usedAt") SELECT "path", "bytes", now() FROM "StoredFile" WHERE "path" = ${path}
        ON CONFLICT ("path") DO UPDATE SET "usedAt" = EXCLUDED."usedAt" RETURNING "path", "bytes", xmax = 0 AS "isNew"
      ), total AS (
        INSERT INTO "CachedTotal" ("bytes") SELECT "bytes" FROM used WHERE "isNew" ${addToTotal}
      )
      SELECT file."object" FROM used JOIN "StoredFile" file ON file."path" = used."path"`
    return file?.object
  },

  // If two servers do this at once, both look at the same files and the same total, and each file is dropped once.
  async dropCached(bytesMax, limit) {
    const rows = await db.query`
      WITH oldest AS (
        SELECT "path", "bytes", "usedAt" FROM "CachedFile" WHERE "usedAt" < now() - make_interval(secs => ${usedSeconds})
         ORDER BY "usedAt" LIMIT ${limit}
      ), summed AS (
        SELECT "path", "usedAt", sum("bytes") OVER (ORDER BY "usedAt", "path") - "bytes" AS "before" FROM oldest
      ), dropped AS (
        DELETE FROM "CachedFile" file USING summed, "CachedTotal" total
         WHERE file."path" = summed."path" AND file."usedAt" = summed."usedAt" AND total."bytes" - summed."before" > ${bytesMax}
        RETURNING file."path", file."bytes"
      ), less AS (
        INSERT INTO "CachedTotal" ("bytes") SELECT -sum("bytes") FROM dropped HAVING count(*) > 0 ${addToTotal}
      ), removed AS (
        DELETE FROM "StoredFile" USING dropped WHERE "StoredFile"."path" = dropped."path" RETURNING "StoredFile"."object"
      ), outdated AS (
        INSERT INTO "OutdatedObject" ("object", "deleteAt")
        SELECT "object", now() + make_interval(secs => ${readSeconds}) FROM removed WHERE "object" IS NOT NULL
      )
      SELECT FROM dropped`
    return rows.length
  },
})

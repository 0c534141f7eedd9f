import type { FileIndex, IndexedFile, Segment } from '@rumpfarm/storage'
import { cachedFiles, readSeconds } from './cached-files.ts'
import type { Statements } from './client.ts'

/** An upload ends earlier than this, or fails. */
const uploadSeconds = 6 * 3600

/** The tables of the storage in a bucket. Each method is one statement. */
export const fileIndex = (db: Statements): FileIndex => ({
  async sizes(paths) {
    const rows = await db.query<{ path: string; bytes: number }>`
      SELECT "path", "bytes"::float8 AS "bytes" FROM "StoredFile" WHERE "path" = ANY(${[...paths]}::text[])`
    const sizes = new Map(rows.map(({ path, bytes }) => [path, bytes]))
    return paths.map(path => sizes.get(path) ?? 0)
  },

  async find(path) {
    const [file] = await db.query<IndexedFile>`
      SELECT "id"::text, "bytes"::float8 AS "bytes", "segmentBytes"::float8 AS "segmentBytes",
             "sealedAt" IS NOT NULL AS "sealed", "object"
        FROM "StoredFile" WHERE "path" = ${path}`
    return file
  },

  async locate(path, offset) {
    const [row] = await db.query<IndexedFile & { segment: Segment | null }>`
      SELECT file."id"::text, file."bytes"::float8 AS "bytes", file."segmentBytes"::float8 AS "segmentBytes",
             file."sealedAt" IS NOT NULL AS "sealed", file."object",
             CASE WHEN segment."object" IS NOT NULL
                  THEN json_build_object('start', segment."start", 'end', segment."end", 'object', segment."object") END AS "segment"
        FROM "StoredFile" file
        LEFT JOIN LATERAL (
          SELECT * FROM "StoredSegment" WHERE "path" = ${path} AND "start" <= ${offset} ORDER BY "start" DESC LIMIT 1
        ) segment ON file."object" IS NULL AND segment."end" > ${offset}
       WHERE file."path" = ${path}`
    if (!row) return undefined
    const { segment, ...file } = row
    return { file, segment: segment ?? undefined }
  },

  async begin(path) {
    await db.execute`INSERT INTO "StoredFile" ("path", "bytes") VALUES (${path}, 0) ON CONFLICT ("path") DO NOTHING`
  },

  async append(path, offset, bytes) {
    const rows =
      offset === 0
        ? await db.execute`
            WITH grown AS (
              INSERT INTO "StoredFile" AS file ("path", "bytes") VALUES (${path}, ${bytes.length})
              ON CONFLICT ("path") DO UPDATE SET "bytes" = EXCLUDED."bytes"
               WHERE file."bytes" = 0 AND file."sealedAt" IS NULL
              RETURNING "path"
            )
            INSERT INTO "StoredPiece" ("path", "start", "bytes") SELECT "path", 0, ${bytes}::bytea FROM grown`
        : await db.execute`
            WITH grown AS (
              UPDATE "StoredFile" SET "bytes" = "bytes" + ${bytes.length}
               WHERE "path" = ${path} AND "bytes" = ${offset} AND "sealedAt" IS NULL
              RETURNING "path"
            )
            INSERT INTO "StoredPiece" ("path", "start", "bytes") SELECT "path", ${offset}, ${bytes}::bytea FROM grown`
    return rows > 0
  },

  pieces: (path, offset) => db.query`
    SELECT "start"::float8 AS "start", "bytes" FROM "StoredPiece"
     WHERE "path" = ${path} AND "start" >= COALESCE(
           (SELECT max("start") FROM "StoredPiece" WHERE "path" = ${path} AND "start" <= ${offset}), 0)
     ORDER BY "StoredPiece"."start"`,

  async addSegment({ path, id, start, end, size, object }) {
    const rows = await db.execute`
      WITH grown AS (
        UPDATE "StoredFile" SET "bytes" = ${end}, "segmentBytes" = ${end}
         WHERE "path" = ${path} AND "id" = ${id}::bigint AND "bytes" = ${size} AND "segmentBytes" = ${start}
           AND "sealedAt" IS NULL AND EXISTS (SELECT FROM "OutdatedObject" WHERE "object" = ${object})
        RETURNING "path"
      ), named AS (
        DELETE FROM "OutdatedObject" WHERE "object" = ${object} AND EXISTS (SELECT FROM grown)
      ), replaced AS (
        DELETE FROM "StoredPiece" USING grown WHERE "StoredPiece"."path" = grown."path"
      )
      INSERT INTO "StoredSegment" ("path", "start", "end", "object") SELECT "path", ${start}, ${end}, ${object} FROM grown`
    return rows > 0
  },

  seal: paths => db.query`
    UPDATE "StoredFile" SET "sealedAt" = now() WHERE "path" = ANY(${[...paths]}::text[]) AND "sealedAt" IS NULL
    RETURNING "path", "bytes"::float8 AS "bytes"`,

  async unpacked(seconds, limit, logs) {
    const rows = await db.query<{ path: string }>`
      SELECT "path" FROM "StoredFile"
       WHERE "object" IS NULL AND "sealedAt" < now() - make_interval(secs => ${seconds})
         AND ("path" NOT LIKE '%.log' OR "bytes" < ${logs.bytes} OR "sealedAt" < now() - make_interval(secs => ${logs.seconds}))
       ORDER BY "sealedAt" LIMIT ${limit}`
    return rows.map(({ path }) => path)
  },

  async pack(path, id, object) {
    const rows = await db.query`
      WITH packed AS (
        UPDATE "StoredFile" SET "object" = ${object}, "segmentBytes" = "bytes"
         WHERE "path" = ${path} AND "id" = ${id}::bigint AND "sealedAt" IS NOT NULL AND "object" IS NULL
           AND EXISTS (SELECT FROM "OutdatedObject" WHERE "object" = ${object})
        RETURNING "path"
      ), named AS (
        DELETE FROM "OutdatedObject" WHERE "object" = ${object} AND EXISTS (SELECT FROM packed)
      ), pieces AS (
        DELETE FROM "StoredPiece" USING packed WHERE "StoredPiece"."path" = packed."path"
      ), segments AS (
        DELETE FROM "StoredSegment" USING packed WHERE "StoredSegment"."path" = packed."path" RETURNING "object"
      ), outdated AS (
        INSERT INTO "OutdatedObject" ("object", "deleteAt")
        SELECT "object", now() + make_interval(secs => ${readSeconds}) FROM segments
      )
      SELECT FROM packed`
    return rows.length > 0
  },

  async add(path, bytes, object) {
    const rows = await db.query`
      WITH added AS (
        INSERT INTO "StoredFile" ("path", "bytes", "segmentBytes", "sealedAt", "object")
        VALUES (${path}, ${bytes}, ${bytes}, now(), ${object}) ON CONFLICT ("path") DO NOTHING RETURNING "path"
      ), named AS (
        DELETE FROM "OutdatedObject" WHERE "object" = ${object} AND EXISTS (SELECT FROM added)
      )
      SELECT FROM added`
    return rows.length > 0
  },

  ...cachedFiles(db),

  async remove(path) {
    await db.execute`
      WITH removed AS (
        DELETE FROM "StoredFile" WHERE "path" = ${path} RETURNING "path", "object"
      ), pieces AS (
        DELETE FROM "StoredPiece" USING removed WHERE "StoredPiece"."path" = removed."path"
      ), segments AS (
        DELETE FROM "StoredSegment" USING removed WHERE "StoredSegment"."path" = removed."path" RETURNING "StoredSegment"."object"
      )
      INSERT INTO "OutdatedObject" ("object", "deleteAt")
      SELECT "object", now() + make_interval(secs => ${readSeconds}) FROM (
        SELECT "object" FROM segments UNION ALL SELECT "object" FROM removed WHERE "object" IS NOT NULL) objects`
  },

  async announce(object) {
    await db.execute`
      INSERT INTO "OutdatedObject" ("object", "deleteAt") VALUES (${object}, now() + make_interval(secs => ${uploadSeconds}))`
  },

  async outdated(limit) {
    const rows = await db.query<{ object: string }>`
      SELECT "object" FROM "OutdatedObject" WHERE "deleteAt" < now() ORDER BY "deleteAt" LIMIT ${limit}`
    return rows.map(({ object }) => object)
  },

  async forget(objects) {
    await db.execute`DELETE FROM "OutdatedObject" WHERE "object" = ANY(${[...objects]}::text[])`
  },
})

-- The files in the bucket that the farm can make again, so that it can delete the least recently used ones.
CREATE TABLE "CachedFile" (
    "path" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "usedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "CachedFile_pkey" PRIMARY KEY ("path")
);
CREATE INDEX "CachedFile_usedAt_idx" ON "CachedFile"("usedAt");

-- The sum of "CachedFile"."bytes", in one row.
CREATE TABLE "CachedTotal" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "bytes" BIGINT NOT NULL,

    CONSTRAINT "CachedTotal_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "one_cached_total" CHECK ("id" = 1)
);

INSERT INTO "CachedFile" ("path", "bytes", "usedAt")
SELECT "path", "bytes", COALESCE("sealedAt", now()) FROM "StoredFile" WHERE "path" LIKE 'tarballs/%' AND "object" IS NOT NULL;
INSERT INTO "CachedTotal" ("bytes") SELECT COALESCE(sum("bytes"), 0) FROM "CachedFile";

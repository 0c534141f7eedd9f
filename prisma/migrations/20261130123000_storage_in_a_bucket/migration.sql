-- Logs and artifacts in a bucket: which files there are, and where their bytes are.
-- CreateTable
CREATE TABLE "StoredFile" (
    "path" TEXT NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "bytes" BIGINT NOT NULL,
    "segmentBytes" BIGINT NOT NULL DEFAULT 0,
    "sealedAt" TIMESTAMPTZ(3),
    "object" TEXT,

    CONSTRAINT "StoredFile_pkey" PRIMARY KEY ("path")
);

-- CreateTable
CREATE TABLE "StoredPiece" (
    "path" TEXT NOT NULL,
    "start" BIGINT NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "StoredPiece_pkey" PRIMARY KEY ("path","start")
);

-- CreateTable
CREATE TABLE "StoredSegment" (
    "path" TEXT NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    "object" TEXT NOT NULL,

    CONSTRAINT "StoredSegment_pkey" PRIMARY KEY ("path","start")
);

-- CreateTable
CREATE TABLE "OutdatedObject" (
    "object" TEXT NOT NULL,
    "deleteAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "OutdatedObject_pkey" PRIMARY KEY ("object")
);

-- CreateIndex
CREATE INDEX "OutdatedObject_deleteAt_idx" ON "OutdatedObject"("deleteAt");

-- The sealed files that no object has yet. Usually these are a few.
CREATE INDEX "stored_file_unpacked" ON "StoredFile" ("sealedAt") WHERE "sealedAt" IS NOT NULL AND "object" IS NULL;

-- PostgreSQL keeps less than 1 MiB of each file.
ALTER TABLE "StoredFile" ADD CONSTRAINT "stored_file_pieces" CHECK ("object" IS NOT NULL OR "bytes" - "segmentBytes" < 1048576);

-- Each message of a host changes the size of its log. With free space in the page, no index changes.
ALTER TABLE "StoredFile" SET (fillfactor = 70);
-- Pieces live for minutes. Compression would cost more time than it saves.
ALTER TABLE "StoredPiece" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;
ALTER TABLE "StoredPiece" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

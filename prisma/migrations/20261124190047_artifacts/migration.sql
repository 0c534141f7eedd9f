-- AlterTable
ALTER TABLE "Attempt" ADD COLUMN     "artifactNote" TEXT;

-- CreateTable
CREATE TABLE "Artifact" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "sum" TEXT,
    "sha256" TEXT,
    "sealedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Artifact_pkey" PRIMARY KEY ("jobId","number","name")
);

-- AddForeignKey
ALTER TABLE "Artifact" ADD CONSTRAINT "Artifact_jobId_number_fkey" FOREIGN KEY ("jobId", "number") REFERENCES "Attempt"("jobId", "number") ON DELETE CASCADE ON UPDATE CASCADE;


-- What the schema file cannot say.

-- Only what was compared with its checksum is shown.
ALTER TABLE "Artifact" ADD CONSTRAINT sealed_has_sums CHECK ("sealedAt" IS NULL OR ("sum" IS NOT NULL AND "sha256" IS NOT NULL));

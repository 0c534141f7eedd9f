-- A cell that fails at another step than before keeps its "since", and notes when that changed.
ALTER TABLE "Cell" ADD COLUMN     "changedAt" TIMESTAMPTZ(3),
ADD COLUMN     "changedBuildId" INTEGER,
ADD COLUMN     "changedCommit" TEXT;

UPDATE "Cell" SET "changedAt" = "sinceAt", "changedBuildId" = "sinceBuildId", "changedCommit" = "sinceCommit";

ALTER TABLE "Cell" ALTER COLUMN "changedAt" SET NOT NULL,
ALTER COLUMN "changedBuildId" SET NOT NULL,
ALTER COLUMN "changedCommit" SET NOT NULL;

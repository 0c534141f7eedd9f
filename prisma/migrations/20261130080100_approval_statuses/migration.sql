-- A commit of a pull request that waits for an approval has a status, but no build.
ALTER TABLE "CommitStatus" ALTER COLUMN "buildId" DROP NOT NULL, ADD COLUMN "pullRequest" INTEGER,
  ADD CONSTRAINT commit_status_page CHECK ("buildId" IS NOT NULL OR "pullRequest" IS NOT NULL);
ALTER TABLE "StatusChange" ALTER COLUMN "buildId" DROP NOT NULL, ADD COLUMN "projectName" TEXT, ADD COLUMN "commit" TEXT,
  ADD CONSTRAINT status_change_commit CHECK (
    ("buildId" IS NOT NULL) = ("commit" IS NULL) AND ("commit" IS NULL) = ("projectName" IS NULL));
CREATE INDEX "StatusChange_projectName_commit_idx" ON "StatusChange"("projectName", "commit");

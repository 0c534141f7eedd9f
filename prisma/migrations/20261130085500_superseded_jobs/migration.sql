-- The attempts that a newer build made unnecessary, for the pages of the queue and of builds.
CREATE TABLE "SupersededAttempt" (
  "jobId" INTEGER NOT NULL,
  "number" INTEGER NOT NULL,
  "buildId" INTEGER NOT NULL,
  "byBuildId" INTEGER,
  "at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "SupersededAttempt_pkey" PRIMARY KEY ("jobId", "number"),
  CONSTRAINT superseded_by_newer CHECK ("byBuildId" > "buildId")
);
CREATE INDEX "SupersededAttempt_at_idx" ON "SupersededAttempt"("at");

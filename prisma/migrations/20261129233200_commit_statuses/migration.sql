-- CreateTable
CREATE TABLE "CommitStatus" (
    "id" SERIAL NOT NULL,
    "projectName" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "api" TEXT NOT NULL,
    "repository" TEXT NOT NULL,
    "context" TEXT NOT NULL,
    "buildId" INTEGER NOT NULL,
    "jobId" INTEGER,
    "branch" TEXT,
    "state" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "sentVersion" INTEGER NOT NULL DEFAULT 0,
    "changedAt" TIMESTAMPTZ(3) NOT NULL,
    "sentAt" TIMESTAMPTZ(3),
    "nextAt" TIMESTAMPTZ(3) NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "gaveUpAt" TIMESTAMPTZ(3),
    "problem" TEXT,

    CONSTRAINT "CommitStatus_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "StatusChange" (
    "id" SERIAL NOT NULL,
    "buildId" INTEGER NOT NULL,

    CONSTRAINT "StatusChange_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "StatusForge" (
    "api" TEXT NOT NULL,
    "nextAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "StatusForge_pkey" PRIMARY KEY ("api")
);

-- CreateIndex
CREATE INDEX "CommitStatus_projectName_changedAt_idx" ON "CommitStatus"("projectName", "changedAt");

-- CreateIndex
CREATE UNIQUE INDEX "CommitStatus_projectName_commit_api_repository_context_key" ON "CommitStatus"("projectName", "commit", "api", "repository", "context");

-- CreateIndex
CREATE INDEX "StatusChange_buildId_idx" ON "StatusChange"("buildId");

ALTER TABLE "CommitStatus" ADD CONSTRAINT commit_status_state
  CHECK ("state" IN ('pending', 'running', 'success', 'failure', 'error', 'cancelled'));
ALTER TABLE "CommitStatus" ADD CONSTRAINT commit_status_version CHECK ("sentVersion" >= 0 AND "sentVersion" <= "version");

-- The statuses that the farm must still send are few among all statuses.
CREATE INDEX commit_status_to_send ON "CommitStatus" ("nextAt") WHERE "sentVersion" < "version" AND "gaveUpAt" IS NULL;
CREATE INDEX commit_status_given_up ON "CommitStatus" ("projectName", "changedAt") WHERE "gaveUpAt" IS NOT NULL;

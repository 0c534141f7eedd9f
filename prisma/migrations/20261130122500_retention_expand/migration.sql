-- AlterTable
ALTER TABLE "Build" ADD COLUMN     "expiryDoneAt" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "Job" ADD COLUMN     "artifactsExpiredAt" TIMESTAMPTZ(3),
ADD COLUMN     "logExpiredAt" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "RetentionRound" (
    "projectName" TEXT NOT NULL,
    "what" TEXT NOT NULL,
    "keep" JSONB NOT NULL,
    "keepSince" TIMESTAMPTZ(3) NOT NULL,
    "whole" BOOLEAN NOT NULL DEFAULT true,
    "lastBuildId" INTEGER NOT NULL DEFAULT 0,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "retention_round_what" CHECK ("what" IN ('files', 'builds')),
    CONSTRAINT "RetentionRound_pkey" PRIMARY KEY ("projectName","what")
);

-- CreateTable
CREATE TABLE "FileToDelete" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "names" TEXT[],
    "nextAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "file_to_delete_kind" CHECK ("kind" IN ('log', 'artifacts')),
    CONSTRAINT "FileToDelete_pkey" PRIMARY KEY ("jobId","number","kind")
);

-- CreateTable
CREATE TABLE "ExpiredBuild" (
    "id" INTEGER NOT NULL,
    "projectName" TEXT NOT NULL,
    "firstJobId" INTEGER NOT NULL,
    "lastJobId" INTEGER NOT NULL,
    "expiredAt" TIMESTAMPTZ(3) NOT NULL,
    "keptDays" INTEGER NOT NULL,

    CONSTRAINT "ExpiredBuild_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "FileToDelete_nextAt_idx" ON "FileToDelete"("nextAt");

-- CreateIndex
CREATE INDEX "ExpiredBuild_lastJobId_idx" ON "ExpiredBuild"("lastJobId");

-- The builds whose logs or artifacts can still expire, in the order of a round.
CREATE INDEX "builds_with_files" ON "Build" ("projectName", "id") WHERE "expiryDoneAt" IS NULL;
-- How many newer results a cell has than a job. An open job has no entry, so an attempt writes this index once.
CREATE INDEX "results_of_cell" ON "Job" ("hostId", "arch", "variant", "projectName", "branch", "id")
  WHERE "status" IN ('passed', 'failed', 'timed-out');

-- What the farm deletes together with the builds of that time.
CREATE INDEX "closed_problems" ON "Problem" ("projectName", "closedAt") WHERE "closedAt" IS NOT NULL;
CREATE INDEX "closed_pull_requests" ON "PullRequest" ("projectName", "closedAt") WHERE "closedAt" IS NOT NULL;

-- Rows that the farm deletes after a fixed time.
CREATE INDEX "sent_notifications" ON "Notification" ("createdAt") WHERE "deliveredAt" IS NOT NULL OR "gaveUpAt" IS NOT NULL;
CREATE INDEX "Invitation_expiresAt_idx" ON "Invitation" ("expiresAt");
CREATE INDEX "Login_expiresAt_idx" ON "Login" ("expiresAt");
CREATE INDEX "Acknowledgement_expiresAt_idx" ON "Acknowledgement" ("expiresAt");

CREATE TABLE "PullRequest" (
    "id" SERIAL NOT NULL,
    "projectName" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "baseBranch" TEXT NOT NULL,
    "headBranch" TEXT NOT NULL,
    "headCommit" TEXT NOT NULL,
    "headUrls" TEXT[],
    "fork" BOOLEAN NOT NULL,
    "url" TEXT,
    "headRef" TEXT,
    "mergeRef" TEXT,
    "state" TEXT NOT NULL,
    "openedAt" TIMESTAMPTZ(3) NOT NULL,
    "changedAt" TIMESTAMPTZ(3) NOT NULL,
    "closedAt" TIMESTAMPTZ(3),
    "forgeAt" TIMESTAMPTZ(3),
    "examineAt" TIMESTAMPTZ(3),
    "tries" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "PullRequest_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "pull_request_state" CHECK ("state" IN ('open', 'closed', 'merged'))
);

CREATE TABLE "PullRequestCommit" (
    "pullRequestId" INTEGER NOT NULL,
    "commit" TEXT NOT NULL,
    "seenAt" TIMESTAMPTZ(3) NOT NULL,
    "fork" BOOLEAN NOT NULL,
    "approval" TEXT NOT NULL,
    "decidedAt" TIMESTAMPTZ(3),
    "decidedBy" TEXT,
    "ended" TEXT,
    "endedAt" TIMESTAMPTZ(3),
    "round" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "PullRequestCommit_pkey" PRIMARY KEY ("pullRequestId", "commit"),
    CONSTRAINT "pull_request_approval" CHECK ("approval" IN ('not-needed', 'waiting', 'approved', 'refused'))
);

CREATE UNIQUE INDEX "PullRequest_projectName_number_key" ON "PullRequest"("projectName", "number");
CREATE INDEX "PullRequest_projectName_id_idx" ON "PullRequest"("projectName", "id");
CREATE INDEX "PullRequestCommit_pullRequestId_seenAt_idx" ON "PullRequestCommit"("pullRequestId", "seenAt");

ALTER TABLE "PullRequestCommit" ADD CONSTRAINT "PullRequestCommit_pullRequestId_fkey" FOREIGN KEY ("pullRequestId") REFERENCES "PullRequest"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The requests that the farm must read, and those that wait for an administrator: few among many.
CREATE INDEX pull_requests_to_examine ON "PullRequest"("examineAt") WHERE "examineAt" IS NOT NULL;
CREATE INDEX pull_requests_to_approve ON "PullRequestCommit"("seenAt") WHERE "approval" = 'waiting' AND "ended" IS NULL;
-- The builds of a pull request.
CREATE INDEX builds_of_pull_request ON "Build"("pullRequestId", "commit", "id") WHERE "pullRequestId" IS NOT NULL;

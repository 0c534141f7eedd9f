CREATE TABLE "Subscription" (
    "id" SERIAL NOT NULL,
    "address" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "projectName" TEXT,
    "branch" TEXT,
    "hostId" INTEGER,
    "arch" TEXT,
    "variant" TEXT,
    "events" TEXT[],
    "seed" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "confirmedAt" TIMESTAMPTZ(3),
    "refusals" INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT "Subscription_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Subscription_tokenHash_key" ON "Subscription" ("tokenHash");
CREATE UNIQUE INDEX "Subscription_address_scope_key" ON "Subscription" ("address", "scope");
ALTER TABLE "Subscription" ADD CONSTRAINT "Subscription_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "Notification" DROP CONSTRAINT known_event;
ALTER TABLE "Notification" ADD CONSTRAINT known_event CHECK ("event" IN ('newly-failing', 'fixed', 'still-failing', 'build', 'bisected', 'host-silent', 'host-back', 'test', 'confirm'));
-- The farm limits how many requests for confirmation it sends.
CREATE INDEX confirmations ON "Notification" ("createdAt") WHERE "event" = 'confirm';

ALTER TABLE "Commit" ADD COLUMN "authorMail" TEXT;

-- The feeds read the newest cells of problems, and the newest answers of bisections.
CREATE INDEX "ProblemCell_projectName_branch_id_idx" ON "ProblemCell" ("projectName", "branch", "id");
CREATE INDEX "ProblemCell_projectName_branch_hostId_id_idx" ON "ProblemCell" ("projectName", "branch", "hostId", "id");
CREATE INDEX answered_bisections ON "Bisection" ("projectName", "branch", "id") WHERE "outcome" IN ('confirmed', 'range', 'host-changed', 'flaky', 'other-failure', 'noisy');

CREATE TABLE "RepeatedRequest" (
    "key" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "status" INTEGER,
    "answer" JSONB,
    CONSTRAINT "RepeatedRequest_pkey" PRIMARY KEY ("key")
);
CREATE INDEX "RepeatedRequest_startedAt_idx" ON "RepeatedRequest" ("startedAt");

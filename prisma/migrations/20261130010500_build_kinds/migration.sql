ALTER TABLE "Build" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'branch',
ADD COLUMN "cause" TEXT NOT NULL DEFAULT 'push',
ADD COLUMN "causeDetail" TEXT,
ADD COLUMN "tag" TEXT,
ADD COLUMN "pullRequestId" INTEGER,
ADD COLUMN "fork" BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE "Attempt" ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 30,
ADD COLUMN "fork" BOOLEAN NOT NULL DEFAULT false;

UPDATE "Build" SET "cause" = 'bisection' WHERE "reason" LIKE 'bisect %';
UPDATE "Build" SET "cause" = 'hand' WHERE "reason" LIKE 'again %';
UPDATE "Attempt" SET "priority" = CASE "purpose" WHEN 'probe' THEN 10 ELSE 40 END
 WHERE "state" <> 'finished' AND "purpose" IN ('probe', 'retry');

ALTER TABLE "Build" ADD CONSTRAINT "build_kind" CHECK ("kind" IN ('branch', 'tag', 'pull-request', 'try')),
ADD CONSTRAINT "build_cause" CHECK ("cause" IN ('push', 'hand', 'poll', 'schedule', 'source', 'bisection')),
ADD CONSTRAINT "tag_of_build" CHECK (("kind" = 'tag') = ("tag" IS NOT NULL)),
ADD CONSTRAINT "pull_request_of_build" CHECK (("kind" = 'pull-request') = ("pullRequestId" IS NOT NULL)),
ADD CONSTRAINT "branch_of_build" CHECK ("kind" = 'branch' OR "branch" IS NULL);

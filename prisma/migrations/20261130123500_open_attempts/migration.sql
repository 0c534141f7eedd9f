-- An open attempt is a row of "OpenAttempt", and an ended attempt is a row of "FinishedAttempt": docs/decisions/0037.
-- The view "Attempt" has both.
SET LOCAL maintenance_work_mem = '256MB';

CREATE TABLE "OpenAttempt" (
    "jobId" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "hostId" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 30,
    "fork" BOOLEAN NOT NULL DEFAULT false,
    "projectName" TEXT NOT NULL,
    "buildId" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "hasSources" BOOLEAN NOT NULL GENERATED ALWAYS AS ("state" <> 'waiting') STORED,
    "queuedAt" TIMESTAMPTZ(3) NOT NULL,
    "slot" INTEGER,
    "claim" INTEGER,
    "lease" TEXT,
    "instance" TEXT,
    "leaseUntil" TIMESTAMPTZ(3),
    "leasedAt" TIMESTAMPTZ(3),
    "startedAt" TIMESTAMPTZ(3),
    "cancelRequestedAt" TIMESTAMPTZ(3),
    "steps" JSONB NOT NULL DEFAULT '[]',
    "detail" TEXT,
    "purpose" TEXT NOT NULL DEFAULT 'build',

    CONSTRAINT "OpenAttempt_pkey" PRIMARY KEY ("jobId"),
    CONSTRAINT "open_attempt_state" CHECK ("state" IN ('waiting', 'queued', 'leased', 'running')),
    CONSTRAINT "only_leased_has_slot" CHECK (("state" IN ('leased', 'running')) = ("slot" IS NOT NULL)),
    CONSTRAINT "leased_has_lease" CHECK ("slot" IS NULL OR "claim" IS NOT NULL AND "lease" IS NOT NULL AND "leaseUntil" IS NOT NULL),
    CONSTRAINT "unclaimed_has_no_lease" CHECK ("slot" IS NOT NULL OR "lease" IS NULL),
    CONSTRAINT "known_open_purpose" CHECK ("purpose" IN ('build', 'retry', 'lost', 'confirm', 'probe'))
);

-- Half of each page stays free for the next versions of its rows, and no index has a column that a message of a running
-- job changes. So each such update stays on its page and writes no index (HOT).
ALTER TABLE "OpenAttempt" SET (fillfactor = 50, vacuum_truncate = off, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000);

-- The content of this table changes completely within minutes, so statistics of these columns are always from another time.
-- Without them, PostgreSQL plans with its defaults and with the present size of the table.
ALTER TABLE "OpenAttempt" ALTER "hostId" SET STATISTICS 0,
    ALTER "priority" SET STATISTICS 0,
    ALTER "fork" SET STATISTICS 0,
    ALTER "projectName" SET STATISTICS 0,
    ALTER "buildId" SET STATISTICS 0,
    ALTER "queuedAt" SET STATISTICS 0,
    ALTER "leaseUntil" SET STATISTICS 0,
    ALTER "purpose" SET STATISTICS 0;

CREATE TABLE "FinishedAttempt" (
    "jobId" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "hostId" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 30,
    "fork" BOOLEAN NOT NULL DEFAULT false,
    "projectName" TEXT,
    "buildId" INTEGER,
    "queuedAt" TIMESTAMPTZ(3) NOT NULL,
    "slot" INTEGER,
    "lease" TEXT,
    "leasedAt" TIMESTAMPTZ(3),
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,
    "cancelRequestedAt" TIMESTAMPTZ(3),
    "steps" JSONB NOT NULL DEFAULT '[]',
    "verdict" TEXT NOT NULL,
    "failedStep" TEXT,
    "reason" TEXT,
    "detail" TEXT,
    "logBytes" BIGINT NOT NULL DEFAULT 0,
    "compiler" TEXT,
    "purpose" TEXT NOT NULL DEFAULT 'build',
    "logSum" TEXT,
    "artifactNote" TEXT
);

-- The farm only adds rows to this table, so autovacuum counts added rows, and each vacuum has few pages to visit.
ALTER TABLE "FinishedAttempt" SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_analyze_scale_factor = 0.02);

INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "priority", "fork", "projectName", "buildId", "state", "queuedAt", "slot",
    "claim", "lease", "instance", "leaseUntil", "leasedAt", "startedAt", "cancelRequestedAt", "steps", "detail", "purpose")
SELECT "jobId", "number", "hostId", "priority", "fork", "projectName", "buildId", "state", "queuedAt",
       CASE WHEN "state" IN ('leased', 'running') THEN "slot" END, "claim", "lease", "instance", "leaseUntil", "leasedAt", "startedAt",
       "cancelRequestedAt", "steps", "detail", "purpose"
  FROM "Attempt" WHERE "state" <> 'finished';

INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "priority", "fork", "projectName", "buildId", "queuedAt", "slot", "lease",
    "leasedAt", "startedAt", "finishedAt", "cancelRequestedAt", "steps", "verdict", "failedStep", "reason", "detail", "logBytes",
    "compiler", "purpose", "logSum", "artifactNote")
SELECT "jobId", "number", "hostId", "priority", "fork", "projectName", "buildId", "queuedAt", "slot", "lease", "leasedAt", "startedAt",
       "finishedAt", "cancelRequestedAt", "steps", "verdict", "failedStep", "reason", "detail", "logBytes", "compiler", "purpose",
       "logSum", "artifactNote"
  FROM "Attempt" WHERE "state" = 'finished';

-- A file belongs to an attempt of either table.
ALTER TABLE "Artifact" DROP CONSTRAINT "Artifact_jobId_number_fkey";
DROP TABLE "Attempt";
-- 32 bits are enough for 2,147 million jobs: a farm with 5 million jobs a day would have used them in 430 days. So the numbers of
-- jobs, and of the rows that the farm writes for each ended job, have 64 bits.
ALTER TABLE "Artifact" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "Bisection" ALTER COLUMN "badJobId" TYPE BIGINT;
ALTER TABLE "BisectionCell" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "Cell" ALTER COLUMN "jobId" TYPE BIGINT, ALTER COLUMN "lastGoodJobId" TYPE BIGINT, ALTER COLUMN "sinceJobId" TYPE BIGINT;
ALTER TABLE "CommitStatus" ALTER COLUMN "jobId" TYPE BIGINT, ALTER COLUMN "id" TYPE BIGINT;
ALTER TABLE "ExpiredBuild" ALTER COLUMN "firstJobId" TYPE BIGINT, ALTER COLUMN "lastJobId" TYPE BIGINT;
ALTER TABLE "FileToDelete" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "Examination" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "Failure" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "Job" ALTER COLUMN "id" TYPE BIGINT;
ALTER TABLE "Probe" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "ProblemCell" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "StatusChange" ALTER COLUMN "id" TYPE BIGINT;
ALTER TABLE "SupersededAttempt" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "TestResult" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "TestRun" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER TABLE "TestSummary" ALTER COLUMN "jobId" TYPE BIGINT;
ALTER SEQUENCE "Job_id_seq" AS BIGINT;
ALTER SEQUENCE "CommitStatus_id_seq" AS BIGINT;
ALTER SEQUENCE "StatusChange_id_seq" AS BIGINT;

ALTER TABLE "Artifact" ADD CONSTRAINT "Artifact_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The attempts that a host can claim. The order of the claim is the order of this index.
CREATE INDEX "claimable_attempts" ON "OpenAttempt" ("hostId", "projectName", "priority" DESC, "buildId" DESC, "jobId") WHERE "slot" IS NULL AND "hasSources";
CREATE INDEX "open_attempts_of_host" ON "OpenAttempt" ("hostId", "projectName", "buildId");
CREATE INDEX "open_attempts_in_order" ON "OpenAttempt" ("queuedAt", "jobId");
-- Only an attempt with a lease has a slot.
CREATE UNIQUE INDEX "one_attempt_per_slot" ON "OpenAttempt" ("hostId", "slot") WHERE "slot" IS NOT NULL;

-- Later the table can become the first partition of a table with partitions: each unique index begins with "jobId".
ALTER TABLE "FinishedAttempt" ADD CONSTRAINT "FinishedAttempt_pkey" PRIMARY KEY ("jobId", "number");
ALTER TABLE "FinishedAttempt" ADD CONSTRAINT "finished_attempt_verdict" CHECK ("verdict" IN ('passed', 'failed', 'timed-out', 'cancelled', 'lost', 'broken'));
ALTER TABLE "FinishedAttempt" ADD CONSTRAINT "known_finished_purpose" CHECK ("purpose" IN ('build', 'retry', 'lost', 'confirm', 'probe'));
CREATE INDEX "finished_attempts" ON "FinishedAttempt" ("finishedAt", "jobId");
CREATE INDEX "lost_attempts" ON "FinishedAttempt" ("finishedAt") WHERE "verdict" = 'lost';

-- PostgreSQL plans a query of the view as a query of one table, if the condition on "state" or "verdict" excludes the other.
CREATE VIEW "Attempt" AS
SELECT "jobId", "number", "hostId", "priority", "fork", "projectName", "buildId", "state", "queuedAt", "slot", "lease", "leaseUntil",
       "leasedAt", "startedAt", NULL::timestamptz(3) AS "finishedAt", "cancelRequestedAt", "steps", NULL::text AS "verdict",
       NULL::text AS "failedStep", NULL::text AS "reason", "detail", 0::bigint AS "logBytes", NULL::text AS "compiler", "purpose",
       NULL::text AS "fingerprint", NULL::text AS "logSum", NULL::text AS "artifactNote"
  FROM "OpenAttempt"
UNION ALL
SELECT "jobId", "number", "hostId", "priority", "fork", "projectName", "buildId", 'finished'::text, "queuedAt", "slot", "lease",
       NULL::timestamptz(3), "leasedAt", "startedAt", "finishedAt", "cancelRequestedAt", "steps", "verdict", "failedStep", "reason",
       "detail", "logBytes", "compiler", "purpose",
       CASE WHEN "verdict" IN ('failed', 'timed-out') THEN (
         SELECT failure."fingerprint" FROM "Failure" failure
          WHERE failure."jobId" = ended."jobId" AND failure."number" = ended."number") END,
       "logSum", "artifactNote"
  FROM "FinishedAttempt" ended;

-- Small tables with many updates: room on each page, and a vacuum as soon as some thousand versions are dead.
ALTER TABLE "Host" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE "Slot" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE "HostTurn" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE "Examination" SET (vacuum_truncate = off, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE "StatusChange" SET (vacuum_truncate = off, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
-- Big tables that only grow.
ALTER TABLE "Job" SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_insert_threshold = 10000, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE "Build" SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 10000, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE "Failure" SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 10000, autovacuum_analyze_scale_factor = 0.02);
ANALYZE "OpenAttempt", "FinishedAttempt", "Artifact", "Bisection", "BisectionCell", "Cell", "CommitStatus", "Examination", "Failure", "Job", "Probe", "ProblemCell", "StatusChange", "SupersededAttempt", "TestResult", "TestRun", "TestSummary";

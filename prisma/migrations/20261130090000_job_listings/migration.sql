-- Lists of jobs find their pages by indexes alone. So Job has copies of the project and of the newest verdict.
SET LOCAL maintenance_work_mem = '256MB';

-- The update writes each job again, and each index would double its time. The new indexes replace Job_hostId_id_idx.
DROP INDEX "Job_hostId_id_idx";
DROP INDEX "Job_buildId_hostId_arch_variant_key";

ALTER TABLE "Job" ADD COLUMN "projectName" TEXT,
ADD COLUMN "status" TEXT NOT NULL DEFAULT 'open';

-- In this order, PostgreSQL reads the newest attempts by their primary key and sorts nothing.
UPDATE "Job" SET "projectName" = filled."projectName", "status" = filled."status"
  FROM (SELECT job."id", build."projectName", COALESCE(newest."verdict", 'open') AS "status"
          FROM "Job" job JOIN "Build" build ON build."id" = job."buildId"
          LEFT JOIN (SELECT DISTINCT ON ("jobId") "jobId", "verdict" FROM "Attempt" ORDER BY "jobId" DESC, "number" DESC) newest
            ON newest."jobId" = job."id") filled
 WHERE filled."id" = "Job"."id";

ALTER TABLE "Job" ALTER COLUMN "projectName" SET NOT NULL;
ALTER TABLE "Job" ADD CONSTRAINT "job_status" CHECK ("status" IN ('open', 'passed', 'failed', 'timed-out', 'cancelled', 'lost', 'broken'));

CREATE UNIQUE INDEX "Job_buildId_hostId_arch_variant_key" ON "Job" ("buildId", "hostId", "arch", "variant");
CREATE INDEX "Job_buildId_status_idx" ON "Job" ("buildId", "status");
-- The lists of the ended jobs. The open attempts give the lists of the open jobs, so an open job has no entry here.
CREATE INDEX "ended_jobs_of_project" ON "Job" ("projectName", "status", "id") WHERE "status" <> 'open';
CREATE INDEX "ended_jobs_of_host" ON "Job" ("hostId", "projectName", "status", "id") WHERE "status" <> 'open';
CREATE INDEX "ended_jobs_of_arch" ON "Job" ("arch", "projectName", "status", "id") WHERE "status" <> 'open';
CREATE INDEX "ended_jobs_of_variant" ON "Job" ("variant", "projectName", "status", "id") WHERE "status" <> 'open';

-- The list of the builds of a project. The index alone finds the ids of a page: otherwise the planner expects the same cost
-- from Build_pkey, which reads the builds of all projects.
CREATE INDEX "Build_projectName_id_cause_idx" ON "Build" ("projectName", "id", "cause");

-- The planner multiplies the selectivities of columns. But main has most commits of a project, and a host has few arches.
-- So it expected one row where it found thousands, and read all commits of main for each cell of a matrix. With these
-- values it expects many rows, and chooses the primary key, or the index in the order of the page.
ALTER TABLE "BranchCommit" ALTER COLUMN "branch" SET (n_distinct = 1);
ALTER TABLE "ProblemCell" ALTER COLUMN "branch" SET (n_distinct = 1), ALTER COLUMN "hostId" SET (n_distinct = 1);
ALTER TABLE "TestResult" ALTER COLUMN "arch" SET (n_distinct = 1), ALTER COLUMN "variant" SET (n_distinct = 1);
ALTER TABLE "TestSummary" ALTER COLUMN "arch" SET (n_distinct = 1), ALTER COLUMN "variant" SET (n_distinct = 1);
ANALYZE "Job", "BranchCommit", "ProblemCell", "TestResult", "TestSummary";

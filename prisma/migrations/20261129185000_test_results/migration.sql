-- CreateTable
CREATE TABLE "Test" (
    "id" SERIAL NOT NULL,
    "projectName" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "suite" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Test_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TestSummary" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "projectName" TEXT NOT NULL,
    "buildId" INTEGER NOT NULL,
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "passed" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "errored" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "expectedFailures" INTEGER NOT NULL,
    "unexpectedPasses" INTEGER NOT NULL,
    "total" INTEGER NOT NULL,
    "complete" BOOLEAN NOT NULL,
    "missing" BOOLEAN NOT NULL,
    "notice" TEXT,
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "TestSummary_pkey" PRIMARY KEY ("jobId","number")
);

-- CreateTable
CREATE TABLE "TestRun" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "run" INTEGER NOT NULL,
    "file" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "complete" BOOLEAN NOT NULL,
    "passed" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "errored" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "expectedFailures" INTEGER NOT NULL,
    "unexpectedPasses" INTEGER NOT NULL,
    "notice" TEXT,

    CONSTRAINT "TestRun_pkey" PRIMARY KEY ("jobId","number","run")
);

-- CreateTable
CREATE TABLE "TestResult" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "testId" INTEGER NOT NULL,
    "run" INTEGER NOT NULL,
    "buildId" INTEGER NOT NULL,
    "projectName" TEXT NOT NULL,
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 1,
    "durationMs" INTEGER,
    "message" TEXT,
    "excerpt" TEXT,
    "file" TEXT,
    "line" INTEGER,
    "fingerprint" TEXT,
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "TestResult_pkey" PRIMARY KEY ("jobId","number","testId")
);

-- CreateIndex
CREATE UNIQUE INDEX "Test_projectName_key_key" ON "Test"("projectName", "key");

-- CreateIndex
CREATE INDEX "TestSummary_projectName_hostId_arch_variant_jobId_idx" ON "TestSummary"("projectName", "hostId", "arch", "variant", "jobId");

-- CreateIndex
CREATE INDEX "TestSummary_projectName_jobId_idx" ON "TestSummary"("projectName", "jobId");

-- CreateIndex
CREATE INDEX "TestSummary_buildId_idx" ON "TestSummary"("buildId");

-- CreateIndex
CREATE INDEX "TestResult_testId_hostId_arch_variant_jobId_idx" ON "TestResult"("testId", "hostId", "arch", "variant", "jobId");

ALTER TABLE "TestResult" ADD CONSTRAINT "TestResult_outcome_check" CHECK
  ("outcome" IN ('passed', 'failed', 'errored', 'skipped', 'expected-failure', 'unexpected-pass'));

-- The failing tests of a build.
CREATE INDEX "TestResult_failed_of_build" ON "TestResult"("buildId", "testId") WHERE "outcome" IN ('failed', 'errored');

-- The tests of a project that failed lately, or that passed only after several tries: only these can be flaky.
CREATE INDEX "TestResult_failed_of_project" ON "TestResult"("projectName", "finishedAt")
  WHERE "outcome" IN ('failed', 'errored') OR "tries" > 1;

-- The slow tests of an attempt. Most tests take less than this, so the index stays small.
CREATE INDEX "TestResult_slow_of_attempt" ON "TestResult"("jobId", "number", "durationMs") WHERE "durationMs" >= 100;

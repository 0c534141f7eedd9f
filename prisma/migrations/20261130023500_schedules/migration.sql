CREATE TABLE "Schedule" (
    "projectName" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "nextAt" TIMESTAMPTZ(3) NOT NULL,
    "lastCommit" TEXT,
    "lastBuildId" INTEGER,

    CONSTRAINT "Schedule_pkey" PRIMARY KEY ("projectName","key")
);

CREATE TABLE "ScheduleRun" (
    "id" SERIAL NOT NULL,
    "projectName" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "dueAt" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'due',
    "cells" JSONB,
    "nextAt" TIMESTAMPTZ(3) NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "commit" TEXT,
    "buildId" INTEGER,
    "problem" TEXT,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "ScheduleRun_pkey" PRIMARY KEY ("id"),
    CONSTRAINT schedule_run_state CHECK ("state" IN ('due', 'built', 'unchanged', 'failed'))
);

CREATE INDEX "Schedule_nextAt_idx" ON "Schedule"("nextAt");

CREATE UNIQUE INDEX "ScheduleRun_projectName_key_dueAt_key" ON "ScheduleRun"("projectName", "key", "dueAt");

-- The runs that the farm has not ended.
CREATE INDEX due_schedule_runs ON "ScheduleRun"("nextAt") WHERE "state" = 'due';

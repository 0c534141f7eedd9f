-- CreateTable
CREATE TABLE "Bisection" (
    "id" SERIAL NOT NULL,
    "projectName" TEXT NOT NULL,
    "branch" TEXT NOT NULL,
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "goodCommit" TEXT NOT NULL,
    "badCommit" TEXT NOT NULL,
    "badJobId" INTEGER NOT NULL,
    "verdict" TEXT NOT NULL,
    "failedStep" TEXT,
    "fingerprint" TEXT,
    "symbol" TEXT,
    "file" TEXT,
    "expectedMs" INTEGER,
    "startedBy" TEXT NOT NULL,
    "ruleVersion" INTEGER NOT NULL,
    "noiseRuns" INTEGER NOT NULL,
    "noiseFailed" INTEGER NOT NULL,
    "budgetSeconds" INTEGER NOT NULL,
    "pauseSeconds" INTEGER NOT NULL,
    "runsMax" INTEGER NOT NULL DEFAULT 0,
    "state" TEXT NOT NULL,
    "problem" TEXT,
    "nextAt" TIMESTAMPTZ(3),
    "cancelRequestedAt" TIMESTAMPTZ(3),
    "outcome" TEXT,
    "words" TEXT,
    "low" INTEGER,
    "high" INTEGER,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Bisection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "BisectionCell" (
    "bisectionId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "jobId" INTEGER NOT NULL,

    CONSTRAINT "BisectionCell_pkey" PRIMARY KEY ("bisectionId","number")
);

-- CreateTable
CREATE TABLE "BisectionCommit" (
    "bisectionId" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "commit" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "weight" DOUBLE PRECISION NOT NULL,
    "doubt" TEXT,

    CONSTRAINT "BisectionCommit_pkey" PRIMARY KEY ("bisectionId","position")
);

-- CreateTable
CREATE TABLE "Probe" (
    "bisectionId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "cell" INTEGER NOT NULL,
    "hostId" INTEGER NOT NULL,
    "purpose" TEXT,
    "jobId" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "verdict" TEXT,
    "fingerprint" TEXT,
    "costMs" INTEGER NOT NULL DEFAULT 0,
    "reason" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Probe_pkey" PRIMARY KEY ("bisectionId","number")
);

-- CreateIndex
CREATE INDEX "Bisection_projectName_branch_fingerprint_id_idx" ON "Bisection"("projectName", "branch", "fingerprint", "id");

-- CreateIndex
CREATE UNIQUE INDEX "BisectionCell_bisectionId_hostId_arch_variant_key" ON "BisectionCell"("bisectionId", "hostId", "arch", "variant");

-- CreateIndex
CREATE UNIQUE INDEX "Probe_bisectionId_jobId_attempt_key" ON "Probe"("bisectionId", "jobId", "attempt");

-- AddForeignKey
ALTER TABLE "BisectionCell" ADD CONSTRAINT "BisectionCell_bisectionId_fkey" FOREIGN KEY ("bisectionId") REFERENCES "Bisection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "BisectionCommit" ADD CONSTRAINT "BisectionCommit_bisectionId_fkey" FOREIGN KEY ("bisectionId") REFERENCES "Bisection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Probe" ADD CONSTRAINT "Probe_bisectionId_fkey" FOREIGN KEY ("bisectionId") REFERENCES "Bisection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateIndex
CREATE INDEX "Bisection_projectName_id_idx" ON "Bisection"("projectName", "id");

-- CreateIndex
CREATE INDEX "BisectionCell_hostId_arch_variant_bisectionId_idx" ON "BisectionCell"("hostId", "arch", "variant", "bisectionId");

ALTER TABLE "Bisection" ADD CONSTRAINT known_state CHECK ("state" IN ('preparing', 'running', 'finished')),
  ADD CONSTRAINT outcome_of_finished CHECK (("state" = 'finished') = ("outcome" IS NOT NULL));
ALTER TABLE "Probe" ADD CONSTRAINT known_verdict CHECK ("verdict" IN ('good', 'bad', 'other', 'none')),
  ADD CONSTRAINT result_has_verdict CHECK ("purpose" IS NOT NULL OR "verdict" IS NOT NULL);

CREATE INDEX open_bisections ON "Bisection" ("id") WHERE "state" <> 'finished';
-- A host has one probe at a time, so a bisection never occupies all slots of a host.
CREATE UNIQUE INDEX one_open_probe_per_host ON "Probe" ("hostId") WHERE "purpose" IS NOT NULL AND "verdict" IS NULL;
-- The newly failing cells, for automatic bisections.
CREATE INDEX newly_failing_cells ON "Cell" ("projectName", "branch") WHERE "state" = 'newly-failing';
-- The waiting jobs of a host other than probes. A probe must not start before them.
CREATE INDEX queued_before_probes ON "Attempt" ("hostId") WHERE "state" = 'queued' AND "purpose" <> 'probe';

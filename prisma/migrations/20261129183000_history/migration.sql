-- AlterTable
ALTER TABLE "Attempt" ADD COLUMN     "fingerprint" TEXT,
ADD COLUMN     "purpose" TEXT NOT NULL DEFAULT 'build';

-- AlterTable
ALTER TABLE "Cell" ADD COLUMN     "changes" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "expectedMs" INTEGER,
ADD COLUMN     "fingerprint" TEXT,
ADD COLUMN     "flaky" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "lastGoodJobId" INTEGER,
ADD COLUMN     "number" INTEGER,
ADD COLUMN     "results" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "sinceJobId" INTEGER,
ADD COLUMN     "state" TEXT;

-- The cells of an older farm. The next result of a cell derives the exact values.
UPDATE "Cell" cell SET
  "number" = COALESCE((SELECT max(a."number") FROM "Attempt" a WHERE a."jobId" = cell."jobId" AND a."verdict" = cell."verdict"), 1),
  "state" = CASE WHEN "verdict" = 'passed' THEN 'passing'
                 WHEN "verdict" NOT IN ('failed', 'timed-out') THEN 'unknown'
                 WHEN "lastGoodBuildId" IS NULL THEN 'failing'
                 WHEN "sinceBuildId" = "buildId" THEN 'newly-failing'
                 ELSE 'still-failing' END,
  "sinceJobId" = COALESCE((SELECT job."id" FROM "Job" job WHERE job."buildId" = cell."sinceBuildId" AND job."hostId" = cell."hostId"
                              AND job."arch" = cell."arch" AND job."variant" = cell."variant"), cell."jobId"),
  "lastGoodJobId" = (SELECT job."id" FROM "Job" job WHERE job."buildId" = cell."lastGoodBuildId" AND job."hostId" = cell."hostId"
                        AND job."arch" = cell."arch" AND job."variant" = cell."variant");

ALTER TABLE "Cell" ALTER COLUMN "number" SET NOT NULL,
ALTER COLUMN "sinceJobId" SET NOT NULL,
ALTER COLUMN "state" SET NOT NULL;

-- CreateTable
CREATE TABLE "Failure" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "projectName" TEXT NOT NULL,
    "buildId" INTEGER NOT NULL,
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "exit" INTEGER,
    "fingerprint" TEXT NOT NULL,
    "rule" TEXT NOT NULL,
    "symbol" TEXT,
    "text" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "line" INTEGER,
    "excerpt" JSONB NOT NULL,
    "others" JSONB NOT NULL DEFAULT '[]',
    "errors" INTEGER NOT NULL DEFAULT 0,
    "fromHost" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Failure_pkey" PRIMARY KEY ("jobId","number")
);

-- CreateTable
CREATE TABLE "Examination" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "wantedAt" TIMESTAMPTZ(3) NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,

    CONSTRAINT "Examination_pkey" PRIMARY KEY ("jobId","number")
);

-- CreateTable
CREATE TABLE "Commit" (
    "repository" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "parent" TEXT,
    "author" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "committedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Commit_pkey" PRIMARY KEY ("repository","commit")
);

-- CreateTable
CREATE TABLE "HostFacts" (
    "id" SERIAL NOT NULL,
    "hostId" INTEGER NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "facts" JSONB NOT NULL,

    CONSTRAINT "HostFacts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Acknowledgement" (
    "id" SERIAL NOT NULL,
    "projectName" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "fingerprint" TEXT,
    "branch" TEXT,
    "hostId" INTEGER,
    "arch" TEXT,
    "variant" TEXT,
    "note" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "link" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Acknowledgement_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Failure_projectName_fingerprint_buildId_idx" ON "Failure"("projectName", "fingerprint", "buildId");

-- CreateIndex
CREATE INDEX "Failure_buildId_fingerprint_idx" ON "Failure"("buildId", "fingerprint");

-- CreateIndex
CREATE INDEX "Examination_wantedAt_idx" ON "Examination"("wantedAt");

-- CreateIndex
CREATE INDEX "HostFacts_hostId_since_idx" ON "HostFacts"("hostId", "since");

-- CreateIndex
CREATE INDEX "Acknowledgement_projectName_expiresAt_idx" ON "Acknowledgement"("projectName", "expiresAt");

-- AddForeignKey
ALTER TABLE "HostFacts" ADD CONSTRAINT "HostFacts_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "Attempt" ADD CONSTRAINT known_purpose CHECK ("purpose" IN ('build', 'retry', 'lost', 'confirm', 'probe'));

ALTER TABLE "Acknowledgement" ADD CONSTRAINT cell_or_fingerprint CHECK (
  ("kind" = 'fingerprint' AND "fingerprint" IS NOT NULL AND "branch" IS NULL AND "hostId" IS NULL AND "arch" IS NULL AND "variant" IS NULL)
  OR ("kind" = 'cell' AND "branch" IS NOT NULL AND "hostId" IS NOT NULL AND "arch" IS NOT NULL AND "variant" IS NOT NULL));

-- The attempts that ended after a time, for clients that read all results.
CREATE INDEX finished_attempts ON "Attempt" ("finishedAt", "jobId") WHERE "state" = 'finished';

-- The present facts of each host start its list of facts.
INSERT INTO "HostFacts" ("hostId", "since", "facts") SELECT "id", "lastSeenAt", "facts" FROM "Host";

-- CreateTable
CREATE TABLE "Project" (
    "name" TEXT NOT NULL,
    "config" JSON NOT NULL,
    "configHash" TEXT NOT NULL,
    "removedAt" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Project_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Configuration" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "acceptedAt" TIMESTAMPTZ(3),
    "hash" TEXT,
    "problems" TEXT,
    "refusedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Configuration_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Host" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "credentialHash" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    "slots" INTEGER NOT NULL DEFAULT 1,
    "agentVersion" TEXT NOT NULL,
    "instance" TEXT,
    "enrolledAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL,
    "awaySince" TIMESTAMPTZ(3),
    "refusal" TEXT,
    "diskFreeMb" INTEGER,
    "pausedAt" TIMESTAMPTZ(3),
    "removedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Host_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Slot" (
    "hostId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "claim" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Slot_pkey" PRIMARY KEY ("hostId","number")
);

-- CreateTable
CREATE TABLE "HostArch" (
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "compiler" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "HostArch_pkey" PRIMARY KEY ("hostId","arch")
);

-- CreateTable
CREATE TABLE "Invitation" (
    "id" SERIAL NOT NULL,
    "hostName" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),
    "usedNonce" TEXT,

    CONSTRAINT "Invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Push" (
    "id" SERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "deliveryId" TEXT NOT NULL,
    "projectName" TEXT NOT NULL,
    "branch" TEXT,
    "commit" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "buildId" INTEGER,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Push_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Build" (
    "id" SERIAL NOT NULL,
    "projectName" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "branch" TEXT,
    "subject" TEXT,
    "author" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "sources" TEXT NOT NULL DEFAULT 'pending',
    "sourcesInfo" JSONB,

    CONSTRAINT "Build_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Recipe" (
    "hash" TEXT NOT NULL,
    "body" JSON NOT NULL,

    CONSTRAINT "Recipe_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "Job" (
    "id" SERIAL NOT NULL,
    "buildId" INTEGER NOT NULL,
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "recipeHash" TEXT NOT NULL,

    CONSTRAINT "Job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Attempt" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "hostId" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "queuedAt" TIMESTAMPTZ(3) NOT NULL,
    "slot" INTEGER,
    "claim" INTEGER,
    "lease" TEXT,
    "leaseUntil" TIMESTAMPTZ(3),
    "leasedAt" TIMESTAMPTZ(3),
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),
    "cancelRequestedAt" TIMESTAMPTZ(3),
    "steps" JSONB NOT NULL DEFAULT '[]',
    "verdict" TEXT,
    "failedStep" TEXT,
    "reason" TEXT,
    "detail" TEXT,
    "logBytes" INTEGER NOT NULL DEFAULT 0,
    "logSum" TEXT,

    CONSTRAINT "Attempt_pkey" PRIMARY KEY ("jobId","number")
);

-- CreateTable
CREATE TABLE "Cell" (
    "projectName" TEXT NOT NULL,
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "jobId" INTEGER NOT NULL,
    "buildId" INTEGER NOT NULL,
    "commit" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "failedStep" TEXT,
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,
    "sinceBuildId" INTEGER NOT NULL,
    "sinceCommit" TEXT NOT NULL,
    "sinceAt" TIMESTAMPTZ(3) NOT NULL,
    "lastGoodBuildId" INTEGER,
    "lastGoodCommit" TEXT,
    "lastGoodAt" TIMESTAMPTZ(3),

    CONSTRAINT "Cell_pkey" PRIMARY KEY ("projectName","hostId","arch","variant")
);

-- CreateTable
CREATE TABLE "ApiToken" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "ApiToken_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Host_name_key" ON "Host"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Host_credentialHash_key" ON "Host"("credentialHash");

-- CreateIndex
CREATE UNIQUE INDEX "Invitation_tokenHash_key" ON "Invitation"("tokenHash");

-- CreateIndex
CREATE INDEX "Push_buildId_idx" ON "Push"("buildId");

-- CreateIndex
CREATE UNIQUE INDEX "Push_source_deliveryId_projectName_key" ON "Push"("source", "deliveryId", "projectName");

-- CreateIndex
CREATE INDEX "Build_sources_idx" ON "Build"("sources");

-- CreateIndex
CREATE UNIQUE INDEX "Build_projectName_commit_key" ON "Build"("projectName", "commit");

-- CreateIndex
CREATE INDEX "Job_hostId_id_idx" ON "Job"("hostId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Job_buildId_hostId_arch_variant_key" ON "Job"("buildId", "hostId", "arch", "variant");

-- CreateIndex
CREATE UNIQUE INDEX "ApiToken_name_key" ON "ApiToken"("name");

-- CreateIndex
CREATE UNIQUE INDEX "ApiToken_hash_key" ON "ApiToken"("hash");

-- AddForeignKey
ALTER TABLE "Slot" ADD CONSTRAINT "Slot_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "HostArch" ADD CONSTRAINT "HostArch_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Push" ADD CONSTRAINT "Push_buildId_fkey" FOREIGN KEY ("buildId") REFERENCES "Build"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Build" ADD CONSTRAINT "Build_projectName_fkey" FOREIGN KEY ("projectName") REFERENCES "Project"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Job" ADD CONSTRAINT "Job_buildId_fkey" FOREIGN KEY ("buildId") REFERENCES "Build"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Job" ADD CONSTRAINT "Job_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Job" ADD CONSTRAINT "Job_recipeHash_fkey" FOREIGN KEY ("recipeHash") REFERENCES "Recipe"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Attempt" ADD CONSTRAINT "Attempt_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Cell" ADD CONSTRAINT "Cell_projectName_fkey" FOREIGN KEY ("projectName") REFERENCES "Project"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the schema file cannot say.

-- A host never holds two attempts in one slot, whatever two claims do at once.
CREATE UNIQUE INDEX one_attempt_per_slot ON "Attempt" ("hostId", "slot") WHERE "state" IN ('leased', 'running');
-- A job has one attempt under way: two people who retry it, or a retry and an expired lease, make one.
CREATE UNIQUE INDEX one_open_attempt_per_job ON "Attempt" ("jobId") WHERE "state" <> 'finished';
-- Claimable attempts, leases to look at, what the matrix overlays: a handful of rows in a table of millions.
CREATE INDEX queued_attempts ON "Attempt" ("queuedAt", "jobId") WHERE "state" = 'queued';
CREATE INDEX leased_attempts ON "Attempt" ("leaseUntil") WHERE "state" IN ('leased', 'running');
CREATE INDEX open_attempts_of_host ON "Attempt" ("hostId") WHERE "state" <> 'finished';
CREATE INDEX builds_to_prepare ON "Build" ("id") WHERE "sources" = 'pending';

ALTER TABLE "Attempt"
  ADD CONSTRAINT attempt_state CHECK ("state" IN ('waiting', 'queued', 'leased', 'running', 'finished')),
  ADD CONSTRAINT attempt_verdict CHECK ("verdict" IN ('passed', 'failed', 'timed-out', 'cancelled', 'lost', 'broken')),
  -- A state carries only what belongs to it.
  ADD CONSTRAINT finished_has_verdict CHECK (("state" = 'finished') = ("verdict" IS NOT NULL AND "finishedAt" IS NOT NULL)),
  ADD CONSTRAINT leased_has_lease CHECK ("state" NOT IN ('leased', 'running')
    OR ("slot" IS NOT NULL AND "claim" IS NOT NULL AND "lease" IS NOT NULL AND "leaseUntil" IS NOT NULL)),
  ADD CONSTRAINT unclaimed_has_no_lease CHECK ("state" NOT IN ('waiting', 'queued') OR "lease" IS NULL);
ALTER TABLE "Build" ADD CONSTRAINT build_sources CHECK ("sources" IN ('pending', 'ready', 'failed'));
ALTER TABLE "HostArch" ADD CONSTRAINT host_arch_kind CHECK ("kind" IN ('native', 'cross'));
ALTER TABLE "ApiToken" ADD CONSTRAINT token_scope CHECK ("scope" IN ('admin', 'trigger'));
ALTER TABLE "Configuration" ADD CONSTRAINT one_configuration CHECK ("id" = 1);

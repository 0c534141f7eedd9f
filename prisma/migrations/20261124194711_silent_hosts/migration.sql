-- AlterTable
ALTER TABLE "Host" ADD COLUMN     "alertSeed" TEXT,
ADD COLUMN     "alertUrl" TEXT,
ADD COLUMN     "silentSince" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "HostAlert" (
    "id" SERIAL NOT NULL,
    "hostId" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "attempts" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "nextAt" TIMESTAMPTZ(3) NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "deliveredAt" TIMESTAMPTZ(3),
    "gaveUpAt" TIMESTAMPTZ(3),
    "problem" TEXT,

    CONSTRAINT "HostAlert_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Watch" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "lastAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Watch_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "HostAlert_hostId_idx" ON "HostAlert"("hostId");

-- AddForeignKey
ALTER TABLE "HostAlert" ADD CONSTRAINT "HostAlert_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What the schema file cannot say.

ALTER TABLE "Watch" ADD CONSTRAINT one_watch CHECK ("id" = 1);
ALTER TABLE "HostAlert" ADD CONSTRAINT host_alert_kind CHECK ("kind" IN ('host.silent', 'host.back'));
ALTER TABLE "Host" ADD CONSTRAINT alert_has_seed CHECK (("alertUrl" IS NULL) = ("alertSeed" IS NULL));
-- What is still to be told: a handful of rows.
CREATE INDEX alerts_to_tell ON "HostAlert" ("hostId", "id") WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL;

-- The servers of the farm, and which farm.yaml they agree on.
CREATE TABLE "Server" (
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "migration" TEXT NOT NULL,
  "queues" TEXT NOT NULL,
  "storage" TEXT NOT NULL,
  "secretSum" TEXT NOT NULL,
  "startedAt" TIMESTAMPTZ(3) NOT NULL,
  "seenAt" TIMESTAMPTZ(3) NOT NULL,
  "clockAheadMs" INTEGER NOT NULL DEFAULT 0,
  "fileSum" TEXT,
  CONSTRAINT "Server_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 50);

CREATE TABLE "AcceptedFile" (
  "sum" TEXT NOT NULL,
  "acceptedAt" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "AcceptedFile_pkey" PRIMARY KEY ("sum")
);

ALTER TABLE "Configuration" ADD COLUMN "fileSum" TEXT, ADD COLUMN "acceptedBy" TEXT, ADD COLUMN "refusedBy" TEXT;

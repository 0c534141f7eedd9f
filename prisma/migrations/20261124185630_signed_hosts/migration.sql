-- AlterTable
ALTER TABLE "Host" ADD COLUMN     "keyNonce" TEXT,
ADD COLUMN     "keySeed" TEXT;

-- AlterTable
ALTER TABLE "Invitation" ADD COLUMN     "seed" TEXT;

-- CreateTable
CREATE TABLE "SignedRun" (
    "by" TEXT NOT NULL,
    "run" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "seenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SignedRun_pkey" PRIMARY KEY ("by","run")
);

-- No index on "seenAt": a request's UPDATE then touches no index (HOT), and the table has only the processes of the last minutes.
ALTER TABLE "SignedRun" ADD CONSTRAINT "SignedRun_count_check" CHECK ("count" > 0);
ALTER TABLE "Host" ADD CONSTRAINT "Host_key_check" CHECK (("keySeed" IS NULL) = ("keyNonce" IS NULL));

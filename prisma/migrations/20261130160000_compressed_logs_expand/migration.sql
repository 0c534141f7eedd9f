-- CreateTable
CREATE TABLE "LogToPack" (
    "jobId" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "nextAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "LogToPack_pkey" PRIMARY KEY ("jobId","number")
);

-- CreateTable
CREATE TABLE "DamagedLog" (
    "jobId" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "foundAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "DamagedLog_pkey" PRIMARY KEY ("jobId","number")
);

-- CreateIndex
CREATE INDEX "LogToPack_nextAt_idx" ON "LogToPack"("nextAt");
